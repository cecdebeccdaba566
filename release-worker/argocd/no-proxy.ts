// The rules of NO_PROXY. Go programs such as the argocd command read them in the same way. So does curl, except that it
// reads `.example` as `example`. Packages for proxies and Node itself do not support ranges such as 10.0.0.0/8.
// Source: the documentation of golang.org/x/net/http/httpproxy, of curl --noproxy, and of Node's NO_PROXY.
import { BlockList, isIP } from 'node:net';

export interface NoProxy {
  /** the entry because of which the server is asked without a proxy */
  readonly rule: string | undefined;
  /** entries that cannot match anything */
  readonly unusable: readonly string[];
}

/** @param list separated by commas or spaces */
export function noProxyRule(list: string, { hostname, port, protocol }: URL): NoProxy {
  const host = bare(hostname);
  const ownPort = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  const entries = list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map((entry) => ({ entry, match: matches(entry.toLowerCase(), host, ownPort) }));
  return {
    rule: entries.find(({ match }) => match === true)?.entry,
    unusable: entries.filter(({ match }) => match === undefined).map(({ entry }) => entry),
  };
}

/** @returns undefined when the entry cannot match anything */
function matches(entry: string, host: string, port: number): boolean | undefined {
  if (entry === '*') return true;
  const [, range, bits] = /^(.+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (range !== undefined) return isInRange(host, bare(range), Number(bits));
  // An IPv6 address without a port consists of colons and digits; with a port it is in brackets.
  if (isIP(bare(entry)) !== 0) return isHost(entry, host);
  const [, name = entry, wanted] = /^(.+):(\d{1,5})$/.exec(entry) ?? [];
  if (wanted === undefined) return isHost(name, host);
  const isSame = Number(wanted) > 65_535 ? undefined : isHost(name, host);
  return isSame === undefined ? undefined : isSame && Number(wanted) === port;
}

/** `example` matches that name and all names below it. `.example` and `*.example` match only the names below it. */
function isHost(text: string, host: string): boolean | undefined {
  const address = bare(text);
  if (isIP(address) !== 0) return isInRange(host, address, isIP(address) === 4 ? 32 : 128);
  const [, below, name = ''] = /^(\*?\.)?(.*)$/.exec(text) ?? [];
  const suffix = bare(name);
  if (!/^[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*$/u.test(suffix)) return undefined;
  return host.endsWith(`.${suffix}`) || (below === undefined && host === suffix);
}

/** Names are not resolved: only an address in `argocd.server` can be in a range. */
function isInRange(host: string, address: string, bits: number): boolean | undefined {
  const version = isIP(address);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return undefined;
  const list = new BlockList();
  list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  return isIP(host) !== 0 && list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

/** Removes the brackets of an IPv6 address, and the final dot of a fully qualified name. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}
