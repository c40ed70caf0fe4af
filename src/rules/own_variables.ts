/** Variables that no rule of a configuration can set: how a request is relayed, where a part of a site says so. */

/** Whether the server behind is told the Host that the client means: `on` or `off`. */
export const KEEPS_HOST = ":host";

/** Whether it is told who asks: `on` or `off`. */
export const TELLS_CLIENT = ":client";
