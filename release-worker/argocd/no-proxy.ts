// The rules of NO_PROXY, as Go's programs (the argocd command among them) have them, and so does curl but for `.example`,
// which there is `example` as well. Source: the documentation of golang.org/x/net/http/httpproxy, and of curl --noproxy.
import { BlockList, isIP } from 'node:net';

export interface NoProxy {
  /** the entry that lets the server be asked without a proxy */
  readonly rule: string | undefined;
  /** entries that can match nothing */
  readonly unusable: readonly string[];
}

/** @param list separated by commas or spaces */
export function noProxyRule(list: string, server: URL): NoProxy {
  const target: Target = {
    host: bare(server.hostname),
    port: Number(server.port === '' ? defaultPorts[server.protocol] : server.port),
  };
  const unusable: string[] = [];
  let rule: string | undefined;
  for (const entry of list.split(/[\s,]+/).filter((text) => text !== '')) {
    const matches = ruleOf(entry.toLowerCase());
    if (matches === undefined) unusable.push(entry);
    else if (rule === undefined && matches(target)) rule = entry;
  }
  return { rule, unusable };
}

interface Target {
  readonly host: string;
  readonly port: number;
}
type Rule = (target: Target) => boolean;

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };
const portMax = 65_535;

function ruleOf(entry: string): Rule | undefined {
  if (entry === '*') return () => true;
  const range = /^(.+)\/(\d{1,3})$/.exec(entry);
  if (range !== null) return rangeRule(bare(range[1] ?? ''), Number(range[2]));
  // A bare IPv6 address is all colons; with a port it is in brackets.
  if (isIP(bare(entry)) !== 0) return addressRule(bare(entry));
  const withPort = /^(.+):(\d{1,5})$/.exec(entry);
  if (withPort === null) return nameRule(entry);
  const wanted = Number(withPort[2]);
  const host = hostRule(withPort[1] ?? '');
  return host === undefined || wanted > portMax
    ? undefined
    : (target) => target.port === wanted && host(target);
}

function hostRule(text: string): Rule | undefined {
  return isIP(bare(text)) === 0 ? nameRule(text) : addressRule(bare(text));
}

function addressRule(address: string): Rule {
  const list = new BlockList();
  list.addAddress(address, familyOf(address));
  return inList(list);
}

function rangeRule(address: string, bits: number): Rule | undefined {
  const version = isIP(address);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return undefined;
  const list = new BlockList();
  list.addSubnet(address, bits, familyOf(address));
  return inList(list);
}

/** A name is not looked up: only an address in `argocd.server` is one. */
function inList(list: BlockList): Rule {
  return ({ host }) => isIP(host) !== 0 && list.check(host, familyOf(host));
}

/** `example` and all below it; `.example` and `*.example` only what is below. */
function nameRule(text: string): Rule | undefined {
  const [, below, name = ''] = /^(\*?\.)?(.*)$/.exec(text) ?? [];
  const suffix = withoutLastDot(name);
  if (!/^[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*$/u.test(suffix)) return undefined;
  return ({ host }) => host.endsWith(`.${suffix}`) || (below === undefined && host === suffix);
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** Without the brackets of IPv6, and without the dot that ends a name which is whole. */
function bare(host: string): string {
  return withoutLastDot(host.replace(/^\[(.*)\]$/, '$1'));
}

function withoutLastDot(name: string): string {
  return name.replace(/\.$/, '');
}
