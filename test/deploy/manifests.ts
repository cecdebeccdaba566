// Reads the manifests for Kubernetes: only the members that tests use, but strictly. It refuses a label or variable that
// YAML reads as a number or a boolean, as the API server does.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod/mini';

export const folder = join(import.meta.dirname, '../../deploy/kubernetes');

const texts = z.record(z.string(), z.string());
const metadata = z.looseObject({
  name: z.string(),
  namespace: z.optional(z.string()),
  labels: z._default(texts, {}),
  annotations: z._default(texts, {}),
});
const selector = z.strictObject({
  matchLabels: z._default(texts, {}),
  matchExpressions: z._default(
    z.array(
      z.strictObject({ key: z.string(), operator: z.enum(['In', 'NotIn']), values: z.array(z.string()) }),
    ),
    [],
  ),
});

const probe = z.looseObject({
  httpGet: z.strictObject({ path: z.string(), port: z.string() }),
  periodSeconds: z.number(),
  failureThreshold: z.number(),
});
const container = z.strictObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()),
  env: z._default(z.array(z.strictObject({ name: z.string(), value: z.string() })), []),
  ports: z.array(z.strictObject({ name: z.string(), containerPort: z.number(), protocol: z.literal('TCP') })),
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  resources: z.strictObject({ requests: texts, limits: texts }),
  securityContext: z.looseObject({}),
  volumeMounts: z._default(
    z.array(
      z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z._default(z.boolean(), false) }),
    ),
    [],
  ),
});
const from = z.strictObject({
  name: z.string(),
  optional: z._default(z.boolean(), false),
  items: z.array(z.strictObject({ key: z.string(), path: z.string() })),
});
const volume = z.strictObject({
  name: z.string(),
  projected: z.optional(
    z.strictObject({
      defaultMode: z.number(),
      sources: z.array(z.strictObject({ configMap: z.optional(from), secret: z.optional(from) })),
    }),
  ),
  persistentVolumeClaim: z.optional(z.strictObject({ claimName: z.string() })),
});
const pod = z.looseObject({
  metadata: z.strictObject({ labels: texts, annotations: texts }),
  spec: z.looseObject({
    automountServiceAccountToken: z.boolean(),
    enableServiceLinks: z.boolean(),
    terminationGracePeriodSeconds: z.number(),
    securityContext: z.looseObject({}),
    containers: z.tuple([container]),
    volumes: z._default(z.array(volume), []),
  }),
});

const service = z.looseObject({
  selector: texts,
  ports: z.array(
    z.strictObject({
      name: z.string(),
      port: z.number(),
      targetPort: z.string(),
      protocol: z.literal('TCP'),
    }),
  ),
});

// Peers and ports are required, because a rule without them allows everybody and every port.
const peers = z
  .array(
    z.strictObject({
      podSelector: z.optional(selector),
      namespaceSelector: z.optional(selector),
      ipBlock: z.optional(z.strictObject({ cidr: z.string() })),
    }),
  )
  .check(z.minLength(1));
const ports = z
  .array(z.strictObject({ protocol: z.enum(['TCP', 'UDP']), port: z.number() }))
  .check(z.minLength(1));
const policy = z.strictObject({
  podSelector: selector,
  policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
  ingress: z._default(z.array(z.strictObject({ from: peers, ports })), []),
  egress: z._default(z.array(z.strictObject({ to: peers, ports })), []),
});

const v1 = z.literal('v1');
const apps = z.literal('apps/v1');
const workload = { replicas: z.number(), selector, template: pod };
const schema = z.discriminatedUnion('kind', [
  z.strictObject({ apiVersion: v1, kind: z.literal('Namespace'), metadata }),
  z.strictObject({ apiVersion: v1, kind: z.literal('ConfigMap'), metadata, data: texts }),
  z.looseObject({ apiVersion: v1, kind: z.literal('PersistentVolumeClaim'), metadata }),
  z.strictObject({ apiVersion: v1, kind: z.literal('Service'), metadata, spec: service }),
  z.strictObject({
    apiVersion: apps,
    kind: z.literal('Deployment'),
    metadata,
    spec: z.strictObject({ ...workload, strategy: z.strictObject({ type: z.literal('Recreate') }) }),
  }),
  z.strictObject({
    apiVersion: apps,
    kind: z.literal('StatefulSet'),
    metadata,
    spec: z.strictObject({
      ...workload,
      serviceName: z.string(),
      podManagementPolicy: z.literal('Parallel'),
      updateStrategy: z.strictObject({ type: z.literal('RollingUpdate') }),
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('networking.k8s.io/v1'),
    kind: z.literal('NetworkPolicy'),
    metadata,
    spec: policy,
  }),
]);
export type Manifest = z.output<typeof schema>;

export function parseManifest(document: unknown): Manifest {
  return schema.parse(document);
}

export type Selector = z.output<typeof selector>;
export type Peers = z.output<typeof peers>;
export type Pod = z.output<typeof pod>;
export type Policy = z.output<typeof policy>;

const kustomizationSchema = z.strictObject({
  apiVersion: z.enum(['kustomize.config.k8s.io/v1beta1', 'kustomize.config.k8s.io/v1alpha1']),
  kind: z.enum(['Kustomization', 'Component']),
  namespace: z.optional(z.string()),
  labels: z._default(z.array(z.strictObject({ pairs: texts, includeTemplates: z.boolean() })), []),
  resources: z._default(z.array(z.string()), []),
  components: z._default(z.array(z.string()), []),
  patches: z._default(
    z.array(
      z.strictObject({ path: z.string(), target: z.strictObject({ kind: z.string(), name: z.string() }) }),
    ),
    [],
  ),
  configMapGenerator: z._default(
    z.array(z.strictObject({ name: z.string(), files: z.array(z.string()) })),
    [],
  ),
  images: z._default(z.array(z.strictObject({ name: z.string(), newTag: z.string() })), []),
});

function documentsIn(path: string): unknown[] {
  return parseAllDocuments(readFileSync(path, 'utf8')).map((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors.join(', ')}`);
    return document.toJS();
  });
}

export interface Folder {
  readonly kustomization: z.output<typeof kustomizationSchema>;
  /** every YAML file in the folder except kustomization.yaml */
  readonly files: readonly string[];
  readonly manifests: readonly Manifest[];
  named<Kind extends Manifest['kind']>(kind: Kind, name: string): Extract<Manifest, { readonly kind: Kind }>;
  all<Kind extends Manifest['kind']>(kind: Kind): readonly Extract<Manifest, { readonly kind: Kind }>[];
}

/** Reads a folder of deploy/kubernetes; `''` is that folder itself. */
export function readFolder(name: '' | 'lan' | 'argocd'): Folder {
  const at = join(folder, name);
  const [kustomization] = documentsIn(join(at, 'kustomization.yaml')).map((document) =>
    kustomizationSchema.parse(document),
  );
  if (kustomization === undefined) throw new Error(`${at}/kustomization.yaml is empty`);
  const files = readdirSync(at).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml');
  const sources = kustomization.configMapGenerator.flatMap((generator) => generator.files);
  const manifests = files
    .filter((file) => !sources.includes(file))
    .flatMap((file) => documentsIn(join(at, file)).map((document) => schema.parse(document)));
  const all = <Kind extends Manifest['kind']>(kind: Kind) =>
    manifests.filter((one): one is Extract<Manifest, { readonly kind: Kind }> => one.kind === kind);
  return {
    kustomization,
    files,
    manifests,
    all,
    named: (kind, expectedName) => {
      const manifest = all(kind).find(({ metadata: { name: actualName } }) => actualName === expectedName);
      if (manifest === undefined) throw new Error(`no ${kind} ${expectedName} in ${at}`);
      return manifest;
    },
  };
}
