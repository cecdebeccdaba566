// The environment as two layers: ARGOCD_* (shared with the argocd command) and, stronger, RELEASE_BUTTON_*.
import { textLayer, type Layer } from './layers.ts';
import { nearest } from '../messages/nearest.ts';
import type { Problem } from './problems.ts';
import { sectionNames, wordsOf, type Leaf, type SectionName } from './sections.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'RELEASE_BUTTON_';

/** The variable that names the file where `--config` does not. */
export const fileVariable = 'RELEASE_BUTTON_CONFIG';

/** An empty variable counts as not set. Files with CRLF and secrets of Kubernetes leave a line break at the end. */
function read(env: Environment, name: string | undefined, file: boolean) {
  if (name === undefined) return undefined;
  const full = file ? `${name}_FILE` : name;
  const text = env[full]?.replace(/[\r\n]+$/, '');
  return text === undefined || text === '' || isServiceLink(full, text) ? undefined : { text, origin: full };
}

export async function sharedEnvironment(leaves: readonly Leaf[], env: Environment): Promise<Layer> {
  return textLayer(leaves, ({ setting }, file) => read(env, setting.env, file));
}

export async function ownEnvironment(
  leaves: readonly Leaf[],
  own: readonly SectionName[],
  env: Environment,
): Promise<Layer> {
  const layer = await textLayer(leaves, ({ variable }, file) => read(env, variable, file));
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
    ...layer,
    problems: [...layer.problems, ...unknown.map((name) => unknownVariable(name, known))],
    warnings:
      links.length === 0
        ? []
        : [
            `ignored ${links.join(', ')}: Kubernetes sets such variables for a service named release-button…; enableServiceLinks: false in the pod keeps them away`,
          ],
  };
}

function unknownVariable(name: string, known: readonly string[]): Problem {
  // A section is none.
  const below = known.filter((other) => other.startsWith(`${name}_`));
  const near =
    below.length > 0
      ? undefined
      : nearest(
          name.slice(prefix.length),
          known.map((other) => other.slice(prefix.length)),
        );
  return {
    key: name,
    origin: 'environment',
    message: 'is not a variable of release-button',
    remedy: near
      ? `did you mean ${prefix}${near}? Otherwise unset it`
      : below.length > 0
        ? `name the key too: ${below.join(', ')}`
        : 'unset it; `release-button config` lists every key',
  };
}

function upper(name: string): string {
  return wordsOf(name).join('_').toUpperCase();
}

/**
 * Kubernetes gives every pod RELEASE_BUTTON_SERVICE_HOST, RELEASE_BUTTON_BROKER_PORT=tcp://10.0.0.1:1883 and
 * more for services of these names (kubernetes.io, "Service", "Environment variables").
 */
function isServiceLink(name: string, value: string): boolean {
  if (!name.startsWith(prefix)) return false;
  return (
    /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value))
  );
}
