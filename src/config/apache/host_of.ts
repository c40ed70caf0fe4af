/** Names of servers as URLs have them. */

/** The host in `http://example.com:80`, in lower case. */
export function hostOf(text: string): string {
  return text.replace(/^[a-z]+:\/\//i, "").replace(/:\d*$/, "").replace(/\/$/, "").toLowerCase();
}
