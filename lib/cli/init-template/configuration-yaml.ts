import { cloudSectionsYaml } from './cloud-sections-yaml.ts';
import { runSectionsYaml } from './run-sections-yaml.ts';

const commonSections = `# yaml-language-server: $schema=node_modules/weighbridge/schema/weighbridge.schema.json
# Settings of this repository for weighbridge. Everything has a default; uncomment what you need.

# Where releases go, per access class. Public and private releases never share a store.
# A store is file:DIR, s3://bucket[/prefix] or gs://bucket[/prefix]; replicas get what is proven in the primary.
# stores:
#   public: { primary: file:./mirror, replicas: [ s3://acme-models, gs://acme-models ] }
#   private: file:./mirror-private

# Where checkpoints, leases and reports are kept, a folder or a bucket. In a bucket another machine can go on.
# state: .weighbridge

# How each bucket is reached, and how new objects in it are stored.
# buckets:
#   s3://acme-models: { region: eu-central-1, storageClass: INTELLIGENT_TIERING }
#   gs://acme-models: { storageClass: NEARLINE }

# Origins that may be plain http or have a private address; exactly scheme, host and port.
# trustedOrigins: [ http://127.0.0.1:8081 ]

# More words that mark a source or a digest as not filled in yet.
# placeholders: [ OUR_BUCKET_HERE ]

# Tokens come from the environment. By default what they fetch goes into private releases only.
# AWS and GOOGLE are the credentials that s3: and gs: sources are read with.
# tokens:
#   HF_TOKEN: { for: any }
#   GITHUB_TOKEN: { for: any }
#   AWS: { for: any }
#   GOOGLE: { for: any }

# A header for exactly one other host. Its value is in a variable of the environment, never here.
# credentials:
#   https://models.example.org: { env: MODELS_TOKEN, scheme: Bearer }

# Artifacts that are transferred at the same time.
# concurrency: 4
`;

const cloudSections = `# The rest is for the cloud, which "npx cdk deploy" makes (docs/deploy.md): what is made there.
# cloud:
#   name: weights               # what stacks, buckets and roles are named after
#   account: "111122223333"     # without them: account and region of the credentials that deploy
#   region: eu-central-1
#   public: true                # buckets, pipeline and CDN have many more settings: docs/configuration.md
#   gcs:                        # a mirror in Google Cloud Storage; docs/gcp.md says how the trust is set up
#     project: acme-models
#     location: EU
#     public: { name: acme-models-mirror }
#     private: { name: acme-models-private }
#     workloadIdentity: { provider: //iam.googleapis.com/projects/1234567890/locations/global/workloadIdentityPools/weights/providers/aws }
#   tags: { team: research }

# Who may submit what, by name: the CI of a repository, or people.
# publishers:
#   models:
#     github: { owner: acme, repository: models, branch: main }
#     collections: [ "*" ]
#     access: [ public ]
#     policy: true                # may it submit the access policy? default false

# What the pipeline in the cloud may read; nothing that is not named here.
# sources:
#   huggingFace: [ acme ]
#   github: [ acme ]
#   hosts: [ models.example.org ]
#   buckets:
#     - { bucket: s3://acme-training, keys: [ "exports/*" ] }
#   tokens: { huggingFace: { secret: weights/hf-token, for: any } }

${runSectionsYaml}
# Deployments that differ from the sections above: npx cdk deploy -c env=prod
# environments:
#   dev: { cloud: { name: weights-dev, gcs: null }, replicas: [] }
#   prod: { cloud: { account: "444455556666", retention: { logDays: 365 } } }
`;

/** weighbridge.yaml with every setting explained and none set. */
export const configurationYaml = `${commonSections}\n${cloudSections}`;

/** The same for a repository that deploys. @param name of the deployment, the one setting that is set */
export const cloudConfigurationYaml = (name: string): string => `${commonSections}\n${cloudSectionsYaml(name)}`;
