// The rules of NO_PROXY. Go's programs, the argocd command among them, read them in the same way, and so does curl except
// for `.example`, which curl takes for `example` as well. Packages for proxies and Node itself know no ranges such as
// 10.0.0.0/8. Source: the documentation of golang.org/x/net/http/httpproxy, of curl --noproxy, and of Node's NO_PROXY.
import { BlockList, isIP } from 'node:net';

export interface NoProxy {
  /** the entry that lets the server be asked without a proxy */
  readonly rule: string | undefined;
  /** entries that can match nothing */
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

/** Undefined where the entry can match nothing. */
function matches(entry: string, host: string, port: number): boolean | undefined {
  if (entry === '*') return true;
  const [, range, bits] = /^(.+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (range !== undefined) return isInRange(host, bare(range), Number(bits));
  // A bare IPv6 address is all colons; with a port it is in brackets.
  if (isIP(bare(entry)) !== 0) return isHost(entry, host);
  const [, name = entry, wanted] = /^(.+):(\d{1,5})$/.exec(entry) ?? [];
  if (wanted === undefined) return isHost(name, host);
  const isSame = Number(wanted) > 65_535 ? undefined : isHost(name, host);
  return isSame === undefined ? undefined : isSame && Number(wanted) === port;
}

/** Of names, `example` stands for itself and all below it; `.example` and `*.example` only for what is below. */
function isHost(text: string, host: string): boolean | undefined {
  const address = bare(text);
  if (isIP(address) !== 0) return isInRange(host, address, isIP(address) === 4 ? 32 : 128);
  const [, below, name = ''] = /^(\*?\.)?(.*)$/.exec(text) ?? [];
  const suffix = bare(name);
  if (!/^[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*$/u.test(suffix)) return undefined;
  return host.endsWith(`.${suffix}`) || (below === undefined && host === suffix);
}

/** A name is not looked up: only an address in `argocd.server` can be in a range. */
function isInRange(host: string, address: string, bits: number): boolean | undefined {
  const version = isIP(address);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return undefined;
  const list = new BlockList();
  list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  return isIP(host) !== 0 && list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

/** Without the brackets of IPv6, and without the dot that ends a name which is whole. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}
