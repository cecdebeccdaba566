// Reads the environment variables RELEASE_BUTTON_*. If such a variable is not set, it reads the one that the argocd command uses,
// such as ARGOCD_SERVER.
import { nearest } from '../messages/nearest.ts';
import { givenText, type Given, type GivenByPath } from './given.ts';
import type { Problem } from './problems/problem.ts';
import { sectionNames, wordsOf, type Leaf, type SectionName } from './sections.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'RELEASE_BUTTON_';

/** The variable that names the configuration file if there is no `--config`. */
export const fileVariable = 'RELEASE_BUTTON_CONFIG';

export function readEnvironment(
  leaves: readonly Leaf[],
  own: readonly SectionName[],
  env: Environment,
): {
  readonly given: GivenByPath;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
} {
  const given = new Map<string, Given>();
  for (const { path, variable, setting } of leaves) {
    const found =
      fromVariable(env, variable, setting.secret) ?? fromVariable(env, setting.env, setting.secret);
    if (found !== undefined) given.set(path, found);
  }
  const known = [
    fileVariable,
    ...leaves.flatMap(({ variable, setting }) =>
      setting.secret ? [variable, `${variable}_FILE`] : [variable],
    ),
  ];
  const others = sectionNames.filter((name) => !own.includes(name)).map((name) => `${prefix}${upper(name)}_`);
  const names = Object.keys(env).filter((name) => name.startsWith(prefix) && env[name] !== '');
  const links = names.filter((name) => isServiceLink(name, env[name] ?? ''));
  const unknown = names.filter(
    (name) =>
      !known.includes(name) && !links.includes(name) && !others.some((other) => name.startsWith(other)),
  );
  return {
    given,
    problems: unknown.map((name) => unknownVariable(name, known)),
    warnings:
      links.length === 0
        ? []
        : [
            `ignored ${links.join(', ')}: Kubernetes sets such variables for a service whose name begins with release-button. To avoid them, set enableServiceLinks: false in the pod`,
          ],
  };
}

function fromVariable(env: Environment, name: string | undefined, secret: boolean): Given | undefined {
  if (name === undefined) return undefined;
  return givenText(textOf(env, name), secret ? textOf(env, `${name}_FILE`) : undefined);
}

/** An empty variable counts as not set. Files with CRLF and Kubernetes secrets leave a line break at the end. */
function textOf(env: Environment, name: string) {
  const text = env[name]?.replace(/[\r\n]+$/, '');
  if (text === undefined || text === '' || isServiceLink(name, text)) return undefined;
  return { text, origin: name, assignment: `${name}=` };
}

function unknownVariable(name: string, known: readonly string[]): Problem {
  const ofSection = known.filter((other) => other.startsWith(`${name}_`));
  const withoutPrefix = (other: string) => other.slice(prefix.length);
  const near = nearest(withoutPrefix(name), known.map(withoutPrefix));
  const remedy =
    ofSection.length > 0
      ? `add the name of the key: ${ofSection.join(', ')}`
      : near !== undefined
        ? `did you mean ${prefix}${near}? Otherwise unset it`
        : 'unset it; `release-button config` lists every key';
  return { key: name, origin: 'environment', message: 'is not a variable of release-button', remedy };
}

function upper(name: string): string {
  return wordsOf(name).join('_').toUpperCase();
}

/**
 * For services named release-button or release-button-broker, Kubernetes sets RELEASE_BUTTON_SERVICE_HOST,
 * RELEASE_BUTTON_BROKER_PORT=tcp://10.0.0.1:1883 and more in every pod (kubernetes.io, "Service", "Environment variables").
 */
function isServiceLink(name: string, value: string): boolean {
  if (!name.startsWith(prefix)) return false;
  return (
    /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value))
  );
}
