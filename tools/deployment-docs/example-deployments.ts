import { everything } from '../../test/infra/example-configurations.ts';

/** The deployment whose roles the pages show: the defaults, one publisher, and one of each kind of source that asks for a right. */
export const exampleDeployment = `
cloud:
  account: "111122223333"
  region: eu-central-1
publishers:
  models:
    github: { owner: acme, repository: models, ownerId: "1234", repositoryId: "5678" }
    collections: [ "*" ]
sources:
  buckets:
    - { bucket: "s3://acme-training", keys: [ "exports/*" ], account: "222233334444" }
  tokens: { huggingFace: { secret: weights/hugging-face } }
`.trimStart();

/** With every setting on, so that no kind of resource is left out. The one that is warned of makes none. */
export const largestDeployment = everything.replace(/^trustedOrigins:.*\n/m, '');
