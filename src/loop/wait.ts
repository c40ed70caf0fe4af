/** What steps wait for, and whoever gives others their turn. */

/**
 * Begins a wait.
 *
 * @param resume to be called once when it is over, later than this returns; told whether what was waited for has come
 * @returns whether there is nothing to wait for; then nobody is told
 */
export type Wait = (resume: (came: boolean) => void) => boolean;
