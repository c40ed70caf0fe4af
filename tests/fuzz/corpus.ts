/** What was found before: inputs of which something did not hold once. They are tried again with every run of the tests. */

import { textOf } from "./target.ts";

const DIRECTORY = new URL("./corpus/", import.meta.url);

/** The inputs of a target. */
export function corpusOf(name: string): Uint8Array<ArrayBuffer>[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(new URL(`${name}.json`, DIRECTORY));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const inputs = JSON.parse(text) as string[];
  return inputs.map((input) => Uint8Array.from(input, (character) => character.charCodeAt(0)));
}

/** Adds one; what it is called by. */
export function keep(name: string, input: Uint8Array): string {
  const url = new URL(`${name}.json`, DIRECTORY);
  const inputs = [...corpusOf(name).map(textOf), textOf(input)];
  Deno.writeTextFileSync(url, `${JSON.stringify([...new Set(inputs)], undefined, 2)}\n`);
  return url.pathname;
}
