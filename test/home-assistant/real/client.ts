// A client of a real Home Assistant, over its REST and WebSocket interfaces.
import { spawnSync } from 'node:child_process';
import { WebSocket } from 'ws';
import * as z from 'zod/mini';
import { until } from '../../support/wait.ts';

const stateSchema = z.object({
  entity_id: z.string(),
  state: z.string(),
  attributes: z.record(z.string(), z.unknown()),
  last_changed: z.string(),
  context: z.object({ user_id: z.nullable(z.string()) }),
});
export type State = z.infer<typeof stateSchema>;

const entitySchema = z.object({
  entity_id: z.string(),
  unique_id: z.string(),
  platform: z.string(),
  device_id: z.nullable(z.string()),
  entity_category: z.nullable(z.string()),
  disabled_by: z.nullable(z.string()),
  original_name: z.nullable(z.string()),
});
const deviceSchema = z.looseObject({
  id: z.string(),
  identifiers: z.array(z.array(z.string())),
  name: z.nullable(z.string()),
});
const logSchema = z.array(
  z.object({ name: z.string(), level: z.string(), message: z.array(z.string()), count: z.number() }),
);
const frameSchema = z.looseObject({
  id: z.exactOptional(z.number()),
  type: z.string(),
  success: z.exactOptional(z.boolean()),
});
const formSchema = z.looseObject({
  type: z.string(),
  flow_id: z.string(),
  data_schema: z.exactOptional(z.nullable(z.array(z.unknown()))),
});
const fieldSchema = z.looseObject({
  name: z.string(),
  type: z.exactOptional(z.string()),
  required: z.exactOptional(z.boolean()),
  default: z.exactOptional(z.unknown()),
  schema: z.exactOptional(z.array(z.unknown())),
  selector: z.exactOptional(
    z.looseObject({ select: z.exactOptional(z.looseObject({ options: z.array(z.unknown()) })) }),
  ),
});

export interface HomeAssistant {
  readonly url: string;
  /** such as `2026.11.0` */
  readonly version: string;
  command(type: string, data?: object): Promise<unknown>;
  /** Subscribes to events, and passes each to `onEvent`. */
  listen(type: string, data: object, onEvent: (event: unknown) => void): Promise<void>;
  call(domain: string, service: string, data: object): Promise<void>;
  get(path: string): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
  remove(path: string): Promise<void>;
  states(): Promise<ReadonlyMap<string, State>>;
  state(entity: string): Promise<State | undefined>;
  /** Waits until the entity has this state and these attributes. */
  shows(entity: string, state: string, attributes?: Readonly<Record<string, unknown>>): Promise<State>;
  entities(): Promise<readonly z.infer<typeof entitySchema>[]>;
  devices(): Promise<readonly z.infer<typeof deviceSchema>[]>;
  /** Warnings and errors about MQTT since the last call, each with its count. */
  complaints(): Promise<readonly string[]>;
  /** Sets up the MQTT integration again, for this broker. */
  connectTo(host: string, port: number): Promise<void>;
  /**
   * Restarts Home Assistant and waits until it runs.
   * @param meanwhile is done while it is off, if it does not start again by itself
   */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  close(): void;
}

export interface Access {
  readonly url: string;
  readonly token: string;
  /** A shell command that starts Home Assistant again after it has ended. Undefined: it starts by itself. */
  readonly restart: string | undefined;
}

export async function openHomeAssistant({ url, token, restart }: Access): Promise<HomeAssistant> {
  let socket = await openSocket(url, token);
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const request = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  const states = async () => {
    const all = z.array(stateSchema).parse(await socket.command('get_states'));
    return new Map(all.map((state) => [state.entity_id, state]));
  };
  const state = async (entity: string) => (await states()).get(entity);
  const call = async (domain: string, service: string, data: object) => {
    await socket.command('call_service', { domain, service, service_data: data });
  };
  const isRunning = async () => {
    try {
      return (
        z.looseObject({ state: z.string() }).parse(await request('GET', '/api/config')).state === 'RUNNING'
      );
    } catch {
      return false;
    }
  };

  const { version } = z.looseObject({ version: z.string() }).parse(await request('GET', '/api/config'));

  return {
    url,
    version,
    command: (type, data) => socket.command(type, data),
    listen: (type, data, onEvent) => socket.listen(type, data, onEvent),
    call,
    get: (path) => request('GET', path),
    post: (path, body) => request('POST', path, body),
    remove: async (path) => void (await request('DELETE', path)),
    states,
    state,
    shows: async (entity, expectedState, attributes = {}) => {
      let last: State | undefined;
      const isShown = async () => {
        last = await state(entity);
        const current = last;
        return current?.state === expectedState &&
          Object.entries(attributes).every(
            ([name, value]) => JSON.stringify(current.attributes[name]) === JSON.stringify(value),
          )
          ? current
          : undefined;
      };
      return until(`${entity} to be ${expectedState} ${JSON.stringify(attributes)}`, isShown, 60_000).catch(
        (error: unknown) => {
          throw new Error(`${String(error)}; it is ${JSON.stringify(last)}`);
        },
      );
    },
    entities: async () => z.array(entitySchema).parse(await socket.command('config/entity_registry/list')),
    devices: async () => z.array(deviceSchema).parse(await socket.command('config/device_registry/list')),
    complaints: async () => {
      const entries = logSchema.parse(await socket.command('system_log/list'));
      await call('system_log', 'clear', {});
      return entries
        .filter(({ name, message }) => /mqtt|release.?button/i.test(`${name} ${message.join(' ')}`))
        .map(({ name, level, message, count }) => `${level} ${name} (${count}): ${message.join(' | ')}`);
    },
    connectTo: async (host, port) => {
      const entries = z
        .array(z.looseObject({ entry_id: z.string(), domain: z.string() }))
        .parse(await socket.command('config_entries/get'));
      for (const { entry_id, domain } of entries)
        if (domain === 'mqtt') await request('DELETE', `/api/config/config_entries/entry/${entry_id}`);
      const flow = formSchema.parse(
        await request('POST', '/api/config/config_entries/flow', { handler: 'mqtt' }),
      );
      const answers = answersTo(flow.data_schema ?? [], { broker: host, port, protocol: '5' });
      const result = formSchema.parse(
        await request('POST', `/api/config/config_entries/flow/${flow.flow_id}`, answers),
      );
      if (result.type !== 'create_entry') throw new Error(`the MQTT form: ${JSON.stringify(result)}`);
    },
    restart: async (meanwhile) => {
      // Home Assistant ends without an answer, or refuses with a reason.
      await call('homeassistant', 'restart', {}).catch((error: unknown) => {
        if (!String(error).includes(connectionClosed)) throw error;
      });
      await until('Home Assistant to end', async () => !(await isRunning()), 60_000);
      socket.close();
      await meanwhile?.();
      if (restart !== undefined) {
        const { status, stdout, stderr } = spawnSync('bash', ['-c', restart], { encoding: 'utf8' });
        if (status !== 0) throw new Error(`${restart}: ${stdout}${stderr}`);
      }
      await until('Home Assistant to run again', isRunning, 120_000);
      socket = await openSocket(url, token);
    },
    close: () => socket.close(),
  };
}

/** The answers to a form: our value for each field that we know, and its default for the others. */
function answersTo(
  fields: readonly unknown[],
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const answers: Record<string, unknown> = {};
  for (const field of fields) {
    const { name, type, required, default: ownDefault, schema = [], selector } = fieldSchema.parse(field);
    if (type === 'expandable') answers[name] = answersTo(schema, values);
    else if (name in values) answers[name] = values[name];
    else if (required === true) answers[name] = ownDefault ?? selector?.select?.options[0] ?? false;
  }
  return answers;
}

const connectionClosed = 'the connection was closed';

interface Socket {
  command(type: string, data?: object): Promise<unknown>;
  listen(type: string, data: object, onEvent: (event: unknown) => void): Promise<void>;
  close(): void;
}

async function openSocket(url: string, token: string): Promise<Socket> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/api/websocket`, {
    maxPayload: 64 * 1024 * 1024,
  });
  const pendingCalls = new Map<number, (frame: z.infer<typeof frameSchema>) => void>();
  const listeners = new Map<number, (event: unknown) => void>();
  let last = 0;
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error(connectionClosed));
      for (const answer of pendingCalls.values())
        answer({ type: 'result', success: false, error: connectionClosed });
    });
    socket.on('message', (data: Buffer) => {
      const frame = frameSchema.parse(JSON.parse(data.toString('utf8')));
      if (frame.type === 'auth_required') socket.send(JSON.stringify({ type: 'auth', access_token: token }));
      else if (frame.type === 'auth_ok') resolve();
      else if (frame.type === 'auth_invalid') reject(new Error('Home Assistant refuses the token'));
      else if (frame.type === 'event') listeners.get(frame.id ?? 0)?.(frame['event']);
      else pendingCalls.get(frame.id ?? 0)?.(frame);
    });
  });
  const send = (type: string, data: object, onEvent?: (event: unknown) => void) =>
    new Promise<unknown>((resolve, reject) => {
      if (socket.readyState !== WebSocket.OPEN) throw new Error(`${type}: ${connectionClosed}`);
      last += 1;
      const id = last;
      if (onEvent !== undefined) listeners.set(id, onEvent);
      pendingCalls.set(id, (frame) => {
        pendingCalls.delete(id);
        if (frame.success === true) resolve(frame['result']);
        else reject(new Error(`${type}: ${JSON.stringify(frame['error'])}`));
      });
      socket.send(JSON.stringify({ id, type, ...data }));
    });
  return {
    command: (type, data = {}) => send(type, data),
    listen: async (type, data, onEvent) => void (await send(type, data, onEvent)),
    close: () => socket.terminate(),
  };
}
