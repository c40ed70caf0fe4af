import deno from "@deno/svelte-adapter";

export default { kit: { adapter: deno() } };
