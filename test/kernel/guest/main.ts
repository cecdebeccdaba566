// Runs in the guest: all scenarios in order. The results go to the host through a separate port.
import { openSync, writeSync } from 'node:fs';
import { everythingSaid } from './agent.ts';
import { now } from './lines.ts';
import { startRoom } from './room.ts';
import { scenarios, type World } from './scenarios.ts';

const port = openSync('/dev/ttyS1', 'w');
const world: World = { room: await startRoom() };

function write(fd: number, text: string): void {
  for (let bytes = Buffer.from(text); bytes.length > 0;) bytes = bytes.subarray(writeSync(fd, bytes));
}

for (const [scenario, run] of Object.entries(scenarios)) {
  const startedAt = now();
  let report: object;
  try {
    report = await run(world);
  } catch (error) {
    report = { failed: error instanceof Error ? error.stack : String(error) };
  }
  write(port, `@@${JSON.stringify({ scenario, ...report })}\n`);
  write(1, `${scenario}: ${Math.round(now() - startedAt)} ms of the guest's time\n`);
}
write(1, everythingSaid().slice(-300_000));
process.exit(0);
