/** What is missed where a directive is known and not done here: how bad that is. */

import type { WarningSort } from "../warning.ts";

/** Keep somebody or something out: where they have no effect, more gets in than with httpd. */
const OPENS = new Set(
  ("allowmethods limitrequestbody limitrequestfields limitxmlrequestbody proxyblock sslrequire sslrequiressl " +
    "sslproxycarevocationcheck sslproxycarevocationfile sslproxycarevocationpath sslverifyclient sslverifydepth sslcacertificatefile sslcacertificatepath sslcarevocationcheck " +
    "sslcarevocationfile sslcarevocationpath sslstrictsnivhostcheck sslvhostsnipolicy stricthostcheck " +
    "luahookaccesschecker luahookauthchecker luahookcheckuserid hostnamelookups traceenable " +
    "<limit <limitexcept <requireall <requireany <requirenone <authzprovideralias <authnprovideralias " +
    "allow deny order require satisfy authtype authmerging authuserfile authgroupfile authname authbasicprovider")
    .split(" "),
);

/** Say what clients or servers get. */
const CHANGES = new Set(
  ("acceptpathinfo action addcharset adddefaultcharset addencoding addhandler addinputfilter addlanguage addoutputfilter " +
    "addoutputfilterbytype addtype alias aliasmatch allowconnect authbasicfake brotlialteretag browsermatch " +
    "browsermatchnocase cacheenable cachedisable cachedefaultexpire cachemaxexpire cacheroot cachequickhandler " +
    "cachesocache  charsetdefault charsetsourceenc checkspelling cookieexpires cookiename cookietracking dav " +
    "defaulttype errordocument fallbackresource " +
    "filterchain filterdeclare filterprovider forcetype header headername imapdefault inputsed luamaphandler " +
    "luahookfixups luahooktranslatename luaoutputfilter luaquickhandler luainputfilter maxranges mergetrailers outputsed " +
    "passenv protocolecho proxyaddheaders proxyerroroverride proxyexpressenable proxyfcgisetenvif proxyhtmlenable " +
    "proxyhtmlextended proxyhtmlurlmap proxyhtmllinks proxyhtmlevents proxymaxforwards proxyremote proxyremotematch " +
    "proxysourceaddress proxyvia qualifyredirecturl redirect redirectmatch redirectpermanent " +
    "redirectrelative redirecttemp requestheader rewritebase rewritecond " +
    "rewriteengine rewritemap rewriteoptions rewriterule scriptalias scriptaliasmatch script serverpath session " +
    "sessioncookiename sessionenv sessionheader sessioncookieremove setenv setenvif setenvifexpr setenvifnocase " +
    "sethandler setinputfilter setoutputfilter sslengine sslproxymachinecertificatechainfile sslproxymachinecertificatepath ssloptions sslusername substitute unsetenv userdir " +
    "usecanonicalname virtualdocumentroot virtualdocumentrootip virtualscriptalias virtualscriptaliasip xbithack use " +
    "<if <elseif <else <proxymatch listen proxyrequests")
    .split(" "),
);

/** Modules that are not httpd's own, told by how their directives begin. Without them httpd would not start. */
const FOREIGN: readonly (readonly [start: RegExp, module: string, sort: WarningSort])[] = [
  [/^php_(admin_)?(value|flag)$|^phpinidir$/i, "mod_php", "none"],
  [/^(sec[a-z]|modsecurity)/i, "mod_security", "opens"],
  [/^oidc[A-Z]/i, "mod_auth_openidc", "changes"],
  [/^mellon[A-Z]/i, "mod_auth_mellon", "changes"],
  [/^shib[A-Z]/i, "mod_shib", "changes"],
  [/^CAS[A-Z]/, "mod_auth_cas", "changes"],
  [/^(gssapi|krb)[A-Z0-9]/i, "mod_auth_gssapi", "changes"],
  [/^wsgi[A-Z]/i, "mod_wsgi", "changes"],
  [/^passenger[A-Z]/i, "Passenger", "changes"],
  [/^jk[A-Z]/i, "mod_jk", "changes"],
  [/^perl[A-Z]/i, "mod_perl", "changes"],
  [/^svn[A-Z]/i, "mod_dav_svn", "changes"],
  [/^modpagespeed/i, "mod_pagespeed", "changes"],
  [/^dos[A-Z]/i, "mod_evasive", "opens"],
  [/^qs_/i, "mod_qos", "opens"],
  [/^gnutls[A-Z]/i, "mod_gnutls", "changes"],
  [/^xsendfile/i, "mod_xsendfile", "changes"],
  [/^geoip[A-Z]|^maxminddb/i, "mod_maxminddb", "changes"],
  [/^cloudflare[A-Z]/i, "mod_cloudflare", "changes"],
];

/** Options of mod_ssl that say what is so here anyway. Certbot writes the second into every host. */
const ANYWAY = /^[+-]?(StdEnvVars|StrictRequire|OptRenegotiate)$/i;

/**
 * What is missed without a directive.
 *
 * @param key its lower-case name, with `<` in front for a section
 * @param args what stands behind it, where that is known
 */
export function effectOf(key: string, args: readonly string[] = []): WarningSort {
  if (key === "ssloptions" && args.length > 0 && args.every((arg) => ANYWAY.test(arg))) return "none";
  return OPENS.has(key) ? "opens" : CHANGES.has(key) ? "changes" : "none";
}

/** Words of other modules that say where requests go: without them these lead nowhere, or elsewhere. */
const LEADING: readonly (readonly [name: RegExp, way: string])[] = [
  [/^wsgiscriptalias(match)?$/i, "runs no WSGI applications; run it by a server such as gunicorn"],
  [/^jk(un)?mount(file)?$/i, "does not speak AJP; have the server speak HTTP"],
  [/^passenger(baseuri|approot)$/i, "runs no applications of Passenger; run it by a server such as puma"],
];

/** What to do where a directive leads requests to somebody who is not there; undefined for all others. */
export function leading(name: string): string | undefined {
  const way = LEADING.find(([own]) => own.test(name))?.[1];
  return way && `Cannot lead requests there, for fdpass ${way}, and write ProxyPass with its http:// URL`;
}

/** Words that sites are made for: what is served without them is not what their owners want. */
const ESSENTIAL: readonly (readonly [name: RegExp, message: string])[] = [
  [
    /^(proxyhtmlurlmap|substitute|outputsed|inputsed)$/,
    "Cannot rewrite content, for fdpass passes it on as it is; have the server say its public URLs, and remove this",
  ],
  [/^dav$/, "Cannot serve WebDAV; run a server for it, and write ProxyPass with its http:// URL"],
  [
    /^virtual(documentroot|scriptalias)(ip)?$/,
    "Cannot choose a directory by the name of the host; write a <VirtualHost> with a DocumentRoot for each",
  ],
  [
    /^proxyremote(match)?$/,
    "Cannot ask servers through another proxy; write ProxyPass for what can be reached",
  ],
  [
    /^gnutlsenable$/,
    "Cannot do TLS by mod_gnutls; write SSLEngine On, SSLCertificateFile and SSLCertificateKeyFile with its files",
  ],
  [/^proxyexpressenable$/, "Cannot choose servers by a table; write a <VirtualHost> with ProxyPass for each"],
];

/**
 * Why a configuration cannot do with a directive left out.
 *
 * @param key its lower-case name
 * @param first its first argument: Off is what is so here
 */
export function essential(key: string, first = ""): string | undefined {
  return /^(off|none)$/i.test(first) ? undefined : ESSENTIAL.find(([name]) => name.test(key))?.[1];
}

/** The module, none of httpd's own, that a directive is of. @param name as written */
export function foreignModule(
  name: string,
): { readonly module: string; readonly sort: WarningSort } | undefined {
  const found = FOREIGN.find(([start]) => start.test(name));
  return found === undefined ? undefined : { module: found[1], sort: found[2] };
}
