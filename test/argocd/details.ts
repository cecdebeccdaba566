// The details of an application that only tests describe.
import type { ApplicationRecord } from '../../argocd-simulator/cluster.ts';
import type { ApplicationDescription } from './world-description.ts';

export interface Details {
  descriptionOf(record: ApplicationRecord): ApplicationDescription;
  set(record: ApplicationRecord, description: ApplicationDescription): void;
}

export function createDetails(): Details {
  const described = new WeakMap<ApplicationRecord, ApplicationDescription>();
  return {
    descriptionOf(record) {
      const { name, namespace } = record.object.metadata;
      return described.get(record) ?? { name, namespace };
    },
    set: (record, description) => void described.set(record, description),
  };
}
