import { redirect } from "@sveltejs/kit";

/** Pages that wait for the next letter, to be told of it. */
const waiting = new Set();

export function load({ getClientAddress }) {
  // A promise is streamed: the page goes out now, the letter when there is one.
  return { address: getClientAddress(), letter: new Promise((told) => waiting.add(told)) };
}

export const actions = {
  async default({ request }) {
    const letter = (await request.formData()).get("letter");
    for (const told of waiting) told(letter);
    waiting.clear();
    redirect(303, "/sent");
  },
};
