// The press for comparison: a subscriber that sends a POST for each press, without rules or journal. Arguments: broker, server.
import { got } from 'got';
import { connectAsync } from 'mqtt';
import * as z from 'zod/mini';

const [broker = '', server = ''] = process.argv.slice(2);
const pressSchema = z.object({ id: z.string() });

const client = await connectAsync(broker, { protocolVersion: 5 });
client.on('message', (_topic, payload) => {
  const { id } = pressSchema.parse(JSON.parse(payload.toString()));
  void got.post(`${server}/api/v1/applications/bare/sync`, {
    json: { name: 'bare', infos: [{ name: 'press-id', value: id }] },
  });
});
await client.subscribeAsync('bare/button/+/press', { qos: 1 });
process.stdout.write('ready;\n');
