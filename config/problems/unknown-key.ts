// Reports an unknown key, with the key that was probably meant.
import { nearest } from '../../messages/nearest.ts';
import { formatPath, mask, resemblesSecret, show, type Problem } from './problem.ts';
import type { Leaf } from '../sections.ts';

/** Also for keys inside lists. The value is shown only if it is a single value and cannot be a secret. */
export function unknownKey(
  path: readonly PropertyKey[],
  siblings: readonly string[],
  value: unknown,
  origin: string,
  leaves: readonly Leaf[],
): Problem {
  const name = String(path.at(-1));
  // In a section that has a secret, the value of any unknown key may be that secret.
  const nearSecret = leaves.some(
    (leaf) => leaf.setting.secret && leaf.path.startsWith(`${String(path[0])}.`),
  );
  const mayBeSecret = resemblesSecret(name) || nearSecret;
  const shown = typeof value !== 'object' && !mayBeSecret;
  // Without a space, YAML reads `token:abc` as one key.
  const plain = mayBeSecret ? name.replace(/^(\w+[:=]).*/s, `$1${mask}`) : name;
  return {
    key: formatPath([...path.slice(0, -1), plain]),
    origin,
    ...(shown && { value: show(value) }),
    message: path.length === 1 ? 'is not a section of the configuration' : 'is not a known key',
    remedy: unknownRemedy([...path.slice(0, -1), plain], plain, siblings, leaves),
  };
}

/** What other programs call our settings, with the remedy. */
const elsewhere = new Map(
  Object.entries({
    'mqtt.host': 'write host and port as one key, for example `url: mqtt://broker.example:1883`',
    'mqtt.port': 'write host and port as one key, for example `url: mqtt://broker.example:1883`',
    'mqtt.broker': 'write `url`, for example `url: mqtt://broker.example:1883`',
    'mqtt.server': 'write `url`, for example `url: mqtt://broker.example:1883`',
    'mqtt.tls':
      'write `url: mqtts://…` for an encrypted connection, and `caFile` for an authority of your own',
    'argocd.url': 'write `server`, for example `server: https://argocd.example`',
    'argocd.host': 'write `server`, for example `server: https://argocd.example`',
    'argocd.address': 'write `server`, for example `server: https://argocd.example`',
  }),
);

function unknownRemedy(
  path: readonly PropertyKey[],
  name: string,
  siblings: readonly string[],
  leaves: readonly Leaf[],
): string {
  const [key] = /^\w+(?=[:=]\S)/.exec(name) ?? [];
  if (key !== undefined && siblings.includes(key))
    return `put a space after the colon: \`${key}: ${name.slice(key.length + 1)}\``;
  if (/^-\w/.test(name)) return `put a space after the dash: \`- ${name.slice(1)}: …\``;
  const known = elsewhere.get(formatPath(path));
  if (known !== undefined) return known;
  const near = nearest(name, siblings);
  if (near !== undefined)
    return `did you mean \`${formatPath([...path.slice(0, -1), near])}\`? Otherwise remove it`;
  // If several sections have the name, such as `port`, it is unclear which section is meant.
  const [other, ...others] = leaves.filter((leaf) => leaf.path === name || leaf.path.endsWith(`.${name}`));
  if (other && others.length === 0) {
    const parts = other.path.split('.');
    const above = parts.slice(0, -1).join('.');
    return path.length === 1 && path[0] !== other.path
      ? `indent it by two spaces below \`${above}:\`, where \`${parts.at(-1)}\` belongs`
      : `did you mean \`${parts.at(-1)}\` in the section \`${above}\`? Otherwise remove it`;
  }
  return `remove it; the known keys are ${siblings.join(', ')}`;
}
