// Builds the folders in deploy/environments/kubernetes as kustomize does. They use only a few of its features, so this
// file can do the same without kubectl. If kubectl is installed, environments.test.ts compares the results.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Document, parse, parseAllDocuments } from 'yaml';
import * as z from 'zod/mini';
import { folder as baseFolder, parseManifest, readFolder, type Manifest } from './manifests.ts';

const folder = join(import.meta.dirname, '../../deploy/environments/kubernetes');

const patchSchema = z.strictObject({
  target: z.strictObject({
    kind: z.optional(z.string()),
    name: z.optional(z.string()),
    labelSelector: z.optional(z.string().check(z.regex(/^[^=,]+=[^=,]+$/))),
  }),
  patch: z.string(),
});
const kustomizationSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.enum(['Kustomization', 'Component']),
  namespace: z.optional(z.string()),
  resources: z._default(z.array(z.literal('../../../kubernetes')), []),
  components: z._default(z.array(z.literal('../worker')), []),
  configMapGenerator: z._default(
    z.array(
      z.strictObject({ name: z.string(), behavior: z.literal('replace'), files: z.tuple([z.string()]) }),
    ),
    [],
  ),
  patches: z._default(z.array(patchSchema), []),
});
const removalSchema = z.strictObject({
  $patch: z.literal('delete'),
  kind: z.literal('any'),
  metadata: z.strictObject({ name: z.literal('any') }),
});
const changesSchema = z.array(
  z.strictObject({ op: z.enum(['add', 'replace']), path: z.string(), value: z.unknown() }),
);

export interface Built {
  readonly namespace: string;
  readonly manifests: readonly Manifest[];
}

/** @throws Error if a patch matches nothing, or replaces something that does not exist */
export function build(name: string): Built {
  const kustomization = kustomizationIn(name);
  const components = kustomization.components.map((path) => kustomizationIn(basename(path)));
  const namespace = kustomization.namespace ?? '';
  const patches = [...components, kustomization].flatMap((one) => one.patches);
  const configurations = new Map(
    kustomization.configMapGenerator.map(({ name: map, files: [file] }) => [map, join(folder, name, file)]),
  );
  const objects = patches.reduce(patched, objectsOfBase(configurations));
  for (const object of objects)
    object.setIn(['metadata', object.get('kind') === 'Namespace' ? 'name' : 'namespace'], namespace);
  return { namespace, manifests: objects.map((object) => parseManifest(object.toJS())) };
}

function kustomizationIn(name: string): z.output<typeof kustomizationSchema> {
  return kustomizationSchema.parse(parse(readFileSync(join(folder, name, 'kustomization.yaml'), 'utf8')));
}

function objectsOfBase(configurations: ReadonlyMap<string, string>): Document[] {
  const { files, kustomization } = readFolder('');
  const generators = kustomization.configMapGenerator;
  const sources = generators.flatMap((generator) => generator.files);
  const maps = generators.map(({ name, files: [file = ''] }) => {
    const text = readFileSync(configurations.get(name) ?? join(baseFolder, file), 'utf8');
    return new Document({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { [file]: text } });
  });
  const otherFiles = files
    .filter((file) => !sources.includes(file))
    .flatMap((file) => [...parseAllDocuments(readFileSync(join(baseFolder, file), 'utf8'))]);
  return [...maps, ...otherFiles.map((document) => new Document(document.toJS()))];
}

function patched(objects: Document[], { target, patch }: z.output<typeof patchSchema>): Document[] {
  const [label, value] = target.labelSelector?.split('=') ?? [];
  const matches = (object: Document) =>
    (target.kind === undefined || object.get('kind') === target.kind) &&
    (target.name === undefined || object.getIn(['metadata', 'name']) === target.name) &&
    (label === undefined || object.getIn(['metadata', 'labels', label]) === value);
  if (!objects.some(matches)) throw new Error(`no object fits the patch of ${JSON.stringify(target)}`);
  const content: unknown = parse(patch);
  if (removalSchema.safeParse(content).success) return objects.filter((object) => !matches(object));
  for (const { op, path, value: newValue } of changesSchema.parse(content)) {
    const keys = path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    for (const object of objects.filter(matches)) {
      if (object.hasIn(keys) !== (op === 'replace')) throw new Error(`cannot ${op} ${path}`);
      if (!object.hasIn(keys.slice(0, -1))) throw new Error(`${path} has no parent`);
      object.setIn(keys, newValue);
    }
  }
  return objects;
}

const kubectlVersion = z.object({ kustomizeVersion: z.string() });

/** Whether kubectl is 1.27 or later, as README.md asks for. The tests do without it, because not every CI has it. */
export const hasKubectl: boolean = (() => {
  const { status, stdout } = spawnSync('kubectl', ['version', '--client', '--output', 'json'], {
    encoding: 'utf8',
  });
  return status === 0 && kubectlVersion.parse(JSON.parse(stdout)).kustomizeVersion.startsWith('v5');
})();

/** What the real kustomize builds from a folder, without the label and the suffix that deploy/kubernetes adds. */
export function buildByKubectl(name: string): readonly Manifest[] {
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', join(folder, name)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return parseAllDocuments(
    stdout
      // Removes `labels` too if this label is the only one.
      .replaceAll(/^( *)labels:\n +app\.kubernetes\.io\/part-of: release-button\n(?!\1 )/gm, '')
      .replaceAll(/^ *app\.kubernetes\.io\/part-of: release-button\n/gm, '')
      .replaceAll(/(release-worker-config)-[a-z0-9]+$/gm, '$1')
      .replaceAll(/(image: release-button):.*/g, '$1'),
  ).map((document) => parseManifest(document.toJS()));
}
