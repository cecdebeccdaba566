// Composition root of the broker.
import type { Config } from '../config/sections.ts';
import type { Context } from '../service/context.ts';
import type { Part } from '../service/life-cycle.ts';
import { createBroker } from './broker.ts';

export interface BrokerPart extends Part {
  /** The address of the broker after its start */
  url(): string | undefined;
}

export function brokerPart(config: Config['broker'], { log, metrics, health, clock }: Context): BrokerPart {
  const broker = createBroker({ ...config, log: log.child({ part: 'broker' }), metrics, clock });
  const check = health.check('broker', 'failing');
  let url: string | undefined;
  return {
    name: 'broker',
    start: async () => {
      ({ url } = await broker.start());
      check.ok(`listening on ${url}`);
    },
    stop: async () => {
      check.bad('stopped');
      await broker.stop();
    },
    url: () => url,
  };
}
