// The options of an embedded broker in tests. The guest of test/kernel/ uses them without vitest, so do not import it
// here.
import type { BrokerOptions } from '../../broker/broker.ts';
import { silentLog } from '../../service/log.ts';

export function brokerOptions(overrides: Partial<BrokerOptions> = {}): BrokerOptions {
  return {
    host: '127.0.0.1',
    port: 0,
    maximumPacketBytes: 262_144,
    maximumConnections: 100,
    connectTimeoutMs: 10_000,
    maximumTopicLevels: 16,
    keepAliveLimitSeconds: 3600,
    maximumSubscriptionsPerClient: 200,
    allowAnonymousBeyondLoopback: false,
    log: silentLog(),
    ...overrides,
  };
}
