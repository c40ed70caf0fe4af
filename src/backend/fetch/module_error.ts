/** The module of a fetch backend cannot be used. The message is for people, and says the way out. */
export class ModuleError extends Error {
  override name = "ModuleError";
}
