// Runs the bare library in a separate process, so that a test can see whether it survives. Prints its port.
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const broker = await Aedes.createBroker();
const server = createServer(broker.handle);
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
