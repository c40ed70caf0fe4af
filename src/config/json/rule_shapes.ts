/** The shapes of what stands around a route: redirect, allow, basicAuth, requestHeaders, responseHeaders. */

import { z } from "zod";
import { expect, oneOrMore, text } from "./shapes.ts";

const STATUS = "write 301, 302, 303, 307 or 308";
const NETWORK = `write an address, or a network such as "10.0.0.0/8"`;
const USER = `write a user's name, or a list of names`;
const NAMES = `write the name of a field, or a list of names`;

const values = (description: string) =>
  z.record(z.string(), text("write the value of the field"), {
    error: expect(`write an object such as {"X-Frame-Options": "DENY"}`),
  }).optional().meta({ description, examples: [{ "X-Frame-Options": "DENY" }] });

const headers = (description: string) =>
  z.strictObject({
    set: values("Fields that stand in place of those of the same name."),
    add: values("Fields besides those that are there."),
    append: values("Values put behind those that are there, after a comma."),
    unset: oneOrMore(text(NAMES), expect(NAMES)).optional().meta({ description: "Names of fields that go." }),
  }, { error: expect(`write an object such as {"set": {"X-Frame-Options": "DENY"}}`) }).optional()
    .meta({ description });

/** The keys of a route. */
export const RULE_SHAPE = {
  redirect: z.strictObject({
    status: z.union([301, 302, 303, 307, 308].map((status) => z.literal(status)), { error: expect(STATUS) })
      .optional().meta({ description: "The status of the answer.", default: 302 }),
    to: text(`write a URL such as "https://example.com/new/$path"`, {
      examples: ["https://$host/$path", "/new/$path"],
    }).meta({
      description:
        "Where clients are sent: a URL, or a path of the same site. $path is what follows the route's " +
        "path, $host the name that the client has asked for; with match, $1 to $9 are groups. The query goes along.",
    }),
  }, { error: expect(`write an object such as {"status": 301, "to": "https://example.com/"}`) }).optional()
    .meta({ description: "Instead of to: where clients are sent." }),
  allow: oneOrMore(text(NETWORK, { examples: ["10.0.0.0/8", "::1"] }), expect(NETWORK)).optional().meta({
    description: "Addresses and networks of clients that may ask; others get 403.",
  }),
  basicAuth: z.strictObject({
    realm: text(`write what people are asked for, such as "Members"`).meta({
      description: "What browsers show people who are asked for a password.",
    }),
    file: text(`write the path of a file that htpasswd has made`).meta({
      description:
        "Users and hashes of their passwords, as htpasswd writes them (bcrypt, SHA-1, apr1); relative to this file.",
    }),
    users: oneOrMore(text(USER), expect(USER)).optional().meta({
      description: "Those of them that may ask; all unless given.",
    }),
  }, { error: expect(`write an object such as {"realm": "Members", "file": "htpasswd"}`) }).optional()
    .meta({ description: "Who asks has to show a name and a password (RFC 7617); others get 401." }),
  requestHeaders: headers("What is done to the fields of requests before backends see them."),
  responseHeaders: headers("What is done to the fields of responses."),
};

const OF_HEADERS = ["set", "add", "append", "unset"];

/** The keys of the objects in it. */
export const KEYS_BELOW_ROUTES = {
  redirect: ["status", "to"],
  basicAuth: ["realm", "file", "users"],
  requestHeaders: OF_HEADERS,
  responseHeaders: OF_HEADERS,
} satisfies Record<string, string[]>;
