// What the home-assistant service counts.
import { Counter, Gauge, type Registry } from 'prom-client';

export interface HomeAssistantMetrics {
  announced(devices: number, entities: number): void;
  published(): void;
}

export function homeAssistantMetrics(registry: Registry): HomeAssistantMetrics {
  const devices = new Gauge({
    name: 'release_button_home_assistant_devices',
    help: 'Devices announced to Home Assistant.',
    registers: [registry],
  });
  const entities = new Gauge({
    name: 'release_button_home_assistant_entities',
    help: 'Entities and triggers announced to Home Assistant.',
    registers: [registry],
  });
  const messages = new Counter({
    name: 'release_button_home_assistant_announcements_total',
    help: 'Messages that announced, changed or removed a device in Home Assistant.',
    registers: [registry],
  });
  return {
    announced: (deviceCount, entityCount) => {
      devices.set(deviceCount);
      entities.set(entityCount);
    },
    published: () => messages.inc(),
  };
}
