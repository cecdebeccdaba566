// Everything behind the API: git, the cluster, and the application controller.
import { createCluster, type Cluster } from './cluster.ts';
import { createCompare } from './comparison.ts';
import { createController, type Controller } from './controller.ts';
import { createApplication } from './create-application.ts';
import type { ApplicationDescription, RepositoryDescription } from './description.ts';
import { createCourse, createEndings, createOperations, type Operations } from './operations.ts';
import { createRepositories, type Repositories } from './repositories.ts';
import type { Timers } from './timers.ts';

export interface Backend {
  readonly cluster: Cluster;
  readonly repositories: Repositories;
  readonly operations: Operations;
  readonly controller: Controller;
}

export function createBackend(
  world: { repositories: RepositoryDescription[]; applications: ApplicationDescription[] },
  timers: Timers,
): Backend {
  const cluster = createCluster(1000);
  const repositories = createRepositories(world.repositories);
  const compare = createCompare(repositories);
  const parts = { cluster, repositories, timers, compare };
  const operations = createOperations(cluster, timers, createCourse(createEndings(parts), repositories));
  for (const application of world.applications)
    cluster.add(createApplication(application, parts, timers.now()));
  return { cluster, repositories, operations, controller: createController({ ...parts, operations }) };
}
