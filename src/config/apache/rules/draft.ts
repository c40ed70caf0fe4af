/** What one server or section says around its routes, as it is read. */

import type { FieldRule, Redirect, Section as RuleSection, VariableRule } from "../../../rules/model.ts";
import { onOrOff } from "../directives.ts";
import type { Faults } from "../faults.ts";
import type { Directive, Section } from "../tree.ts";
import { AccessReader } from "./access.ts";
import { readExpires } from "./expires.ts";
import { readField } from "./fields.ts";
import { FilterWords } from "./filters.ts";
import { tellOfUnknownTls } from "./reading.ts";
import { readRedirect } from "./redirects.ts";
import { readVariables } from "./request_variables.ts";
import { RewriteReader } from "./rewriting.ts";

/** What reading needs of the world. */
export interface DraftWorld {
  environment(name: string): string | undefined;
  read(path: string): string;
  /** Makes a path absolute: what is relative starts at ServerRoot. */
  resolve(path: string): string;
}

/** Collects it. */
export class Draft {
  readonly access: AccessReader;
  readonly rewriting: RewriteReader;
  readonly variables: VariableRule[] = [];
  readonly redirects: Redirect[] = [];
  readonly requestFields: FieldRule[] = [];
  readonly responseFields: FieldRule[] = [];
  readonly filters: FilterWords;

  /** @param inSection whether paths are those of the section around it */
  constructor(readonly faults: Faults, readonly world: DraftWorld, readonly inSection: boolean) {
    this.access = new AccessReader(faults, (path) => world.resolve(path));
    this.filters = new FilterWords(faults);
    this.rewriting = new RewriteReader(faults, (path) => world.read(world.resolve(path)));
  }

  /** Takes a directive in. @returns whether it is one of these */
  directive(directive: Directive): boolean {
    const { faults } = this;
    tellOfUnknownTls(directive, faults);
    switch (directive.name.toLowerCase()) {
      case "header":
      case "requestheader": {
        const rule = readField(directive, faults);
        const list = directive.name.toLowerCase() === "header" ? this.responseFields : this.requestFields;
        if (rule !== undefined) list.push(rule);
        return true;
      }
      case "expiresactive":
      case "expiresbytype":
      case "expiresdefault": {
        const rule = readExpires(directive, faults);
        if (rule !== undefined) this.responseFields.push(rule);
        return true;
      }
      case "setenv":
      case "unsetenv":
      case "passenv":
      case "setenvif":
      case "setenvifnocase":
      case "setenvifexpr":
      case "browsermatch":
      case "browsermatchnocase":
        this.variables.push(...readVariables(directive, (name) => this.world.environment(name), faults));
        return true;
      case "cgipassauth": {
        const passes = onOrOff(directive, faults);
        const pattern = passes ? "(.+)" : "";
        if (passes !== undefined) {
          this.variables.push({
            kind: "if",
            attribute: "Authorization",
            pattern,
            set: [["HTTP_AUTHORIZATION", passes ? "$1" : undefined]],
          });
        }
        return true;
      }
      case "redirect":
      case "redirectmatch":
      case "redirectpermanent":
      case "redirecttemp": {
        const redirect = readRedirect(directive, this.inSection, faults);
        if (redirect !== undefined) this.redirects.push(redirect);
        return true;
      }
    }
    return this.filters.take(directive) || this.rewriting.directive(directive) ||
      this.access.directive(directive);
  }

  /** Takes a section in. @returns whether it is one of these */
  section(section: Section): boolean {
    return this.access.section(section);
  }

  /** What holds in the section, but for rewriting. */
  rules(): RuleSection {
    const access = this.access.access();
    const responseFields = [...this.responseFields, ...this.filters.rules()];
    return {
      ...access && { access },
      ...this.variables.length > 0 && { variables: this.variables },
      ...this.redirects.length > 0 && { redirects: this.redirects },
      ...this.requestFields.length > 0 && { requestFields: this.requestFields },
      ...responseFields.length > 0 && { responseFields },
    };
  }
}
