// Renders the rows in messages/ as an AsyncAPI 3.0 document.
import { channels } from '../messages/all.ts';
import { exampleParams, type RowName } from './message-examples.ts';
import { formsOf, rowNames, type Form } from './message-forms.ts';
import type { Placeholder } from '../messages/ids.ts';

/** Semantic version of the contract, not of the program. Raise it when a row changes. */
const contractVersion = '0.1.0';

const description = `What the processes of release-button publish and read over MQTT.

The document takes the point of view of release-button's own processes, the GPIO agent and the release worker.
\`send\`: one of them publishes, and everybody may subscribe. The tags of the operation name the publisher.
\`receive\`: another client publishes, and one of these processes acts on it. A client of release-button does the
opposite: it subscribes to \`send\`, and publishes to \`receive\`.

A request (\`receive\`, and a press) with unknown members is refused. Unknown members of any other payload are ignored.
An empty payload only clears a retained message. On \`press\`, it is never a press.`;

const parameters: Readonly<
  Record<'prefix' | Exclude<Placeholder, 'object'>, { description: string; example: string }>
> = {
  prefix: {
    description: '`mqtt.topicPrefix`: one or more levels with which all topics begin.',
    example: 'building-7/release-button',
  },
  button: { description: 'The id of a button.', example: exampleParams.button },
  led: { description: 'The id of an LED.', example: exampleParams.led },
  agent: { description: 'The id of a GPIO agent.', example: exampleParams.agent },
  worker: { description: 'The id of a release worker.', example: exampleParams.worker },
  namespace: {
    description: 'The namespace of an Argo CD application. It may contain dots.',
    example: exampleParams.namespace,
  },
  name: {
    description: 'The name of an Argo CD application. It may contain dots.',
    example: exampleParams.name,
  },
  request: { description: 'The `id` of the request.', example: exampleParams.request },
};

/** The row of the answer to each request. */
const answers: { readonly [Row in RowName]?: RowName } = {
  buttonPress: 'buttonResult',
  releaseTerminate: 'reply',
  freezeSet: 'reply',
  workerFreezeSet: 'reply',
};

export function asyncApiDocument(): object {
  const forms = rowNames.flatMap(formsOf);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'release-button over MQTT',
      version: contractVersion,
      description,
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      embedded: {
        host: '127.0.0.1:1883',
        protocol: 'mqtt',
        protocolVersion: '5.0',
        description: 'The embedded broker at its default address. It also accepts MQTT 3.1.1.',
      },
    },
    channels: Object.fromEntries(rowNames.map((row) => [row, channelOf(row)])),
    operations: Object.fromEntries(rowNames.flatMap(operationsOf)),
    components: {
      messages: Object.fromEntries(forms.map((form) => [form.name, messageOf(form)])),
      schemas: Object.fromEntries(forms.map((form) => [form.name, form.schema])),
      parameters: Object.fromEntries(
        Object.entries(parameters).map(([name, { description, example }]) => [
          name,
          {
            description,
            ...(name === 'prefix' ? { default: 'release-button' } : {}),
            examples: [example],
          },
        ]),
      ),
    },
  };
}

function channelOf(row: RowName): object {
  const { template, about } = channels[row];
  const names = ['prefix', ...[...template.matchAll(/<(\w+)>/g)].map(([, name]) => name ?? '')];
  return {
    address: `{prefix}/${template.replaceAll('<', '{').replaceAll('>', '}')}`,
    summary: about.summary,
    messages: Object.fromEntries(
      formsOf(row).map(({ name }) => [name, { $ref: `#/components/messages/${name}` }]),
    ),
    parameters: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/parameters/${name}` }])),
  };
}

function operationsOf(row: RowName): [name: string, operation: object][] {
  const { delivery, about } = channels[row];
  const answer = answers[row];
  const operation = {
    ...linksTo(row),
    summary: about.summary,
    ...(answer === undefined ? {} : { reply: linksTo(answer) }),
    bindings: {
      mqtt: {
        qos: delivery.qos,
        retain: delivery.kind === 'state',
        ...(delivery.expirySeconds === undefined ? {} : { messageExpiryInterval: delivery.expirySeconds }),
        bindingVersion: '0.2.0',
      },
    },
  };
  const ours = about.from.filter((sender) => sender !== 'anyone allowed');
  const name = `${row.charAt(0).toUpperCase()}${row.slice(1)}`;
  const operations: [string, object][] = [];
  if (ours.length > 0)
    operations.push([
      `send${name}`,
      { action: 'send', ...operation, tags: ours.map((sender) => ({ name: sender })) },
    ]);
  if (ours.length < about.from.length)
    operations.push([`receive${name}`, { action: 'receive', ...operation }]);
  return operations;
}

function linksTo(row: RowName): object {
  return {
    channel: { $ref: `#/channels/${row}` },
    messages: formsOf(row).map(({ name }) => ({ $ref: `#/channels/${row}/messages/${name}` })),
  };
}

function messageOf({ name, row, contentType, example }: Form): object {
  return {
    name,
    summary: channels[row].about.summary,
    contentType,
    payload: { $ref: `#/components/schemas/${name}` },
    examples: [{ payload: example }],
  };
}
