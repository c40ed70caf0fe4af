/** Where connections go that the front does not look into: to a handshake, or to a backend that does TLS itself. */

import { addressOf } from "../../../ffi/mod.ts";
import type { Route, Site } from "../../config/config.ts";
import { KEEP_ALIVE_CLOSE, KEEP_ALIVE_HOLD, SCOPE_CONNECTION, SCOPE_RAW } from "../../protocol/messages.ts";
import { encodeRouteFields } from "../../protocol/transfer.ts";
import { PathNormalizer } from "../../route/path.ts";
import { NOBODY, ServerNames } from "../../tls/names.ts";
import type { BackendGroup } from "../handoff/backend_group.ts";
import type { Look, RouteTerms } from "../look/look.ts";

/** Who gets such connections, and on which terms. */
class UnreadRoute implements RouteTerms {
  readonly fields: Uint8Array<ArrayBuffer>;
  readonly fieldsAddress: bigint;
  readonly cut: number = 0;
  readonly base: Uint8Array = new Uint8Array(0);

  constructor(
    readonly group: BackendGroup,
    site: string,
    route: string,
    readonly scope: number,
    readonly keepAlive: number,
  ) {
    this.fields = encodeRouteFields(site, route);
    this.fieldsAddress = addressOf(this.fields);
  }
}

/** A listener whose clients speak TLS. */
export class UnreadRoutes {
  readonly #handshakes: UnreadRoute | undefined;
  readonly #names: ServerNames;
  readonly #passed: readonly (UnreadRoute | undefined)[];
  readonly #path = new PathNormalizer();

  /**
   * @param backend who does the handshakes
   * @param address the listener's, which tells that backend whose certificates count
   */
  constructor(
    readonly backend: string,
    address: string,
    sites: readonly Site[],
    groupOf: (route: Route) => BackendGroup | undefined,
  ) {
    const group = groupOf({ path: "/", backends: [backend] });
    this.#handshakes = group && new UnreadRoute(group, "", address, SCOPE_RAW, KEEP_ALIVE_CLOSE);
    const passed = sites.filter(({ tls }) => tls === "pass");
    this.#names = new ServerNames(passed);
    this.#passed = passed.map(({ names, routes: [route] }) => {
      const group = route && groupOf(route);
      return group && new UnreadRoute(group, names[0]!, route.path, SCOPE_CONNECTION, KEEP_ALIVE_HOLD);
    });
  }

  /**
   * Finds out who gets a connection.
   *
   * @param serverName what its client asks for, where that is known: then it is one that is passed on
   * @param look gets the terms
   */
  find(serverName: string | undefined, look: Look): BackendGroup | undefined {
    const index = serverName === undefined ? NOBODY : this.#names.find(serverName);
    const route = serverName === undefined ? this.#handshakes : this.#passed[index];
    look.route = route;
    look.path = this.#path;
    return route?.group;
  }
}
