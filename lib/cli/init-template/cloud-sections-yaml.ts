import { runSectionsYaml } from './run-sections-yaml.ts';

/** The sections of weighbridge.yaml for a repository that deploys: every setting of `cloud`, explained. */
export const cloudSectionsYaml = (
  name: string,
): string => `# What "npx cdk deploy --all" makes. Of everything that is commented out the default is shown, or an example.
cloud:
  name: ${name} # stacks, buckets and roles are named after it; another name is another deployment
  # account: "111122223333"  # without them: account and region of the credentials that deploy
  # region: eu-central-1
  #
  # The public mirror, behind CloudFront. "public: false" leaves both out.
  # public:
  #   domain: { name: weights.example.org, certificate: "arn:aws:acm:us-east-1:111122223333:certificate/ID" }
  #   webAcl: arn:aws:wafv2:us-east-1:111122223333:global/webacl/NAME/ID
  #   cors: [ "*" ]          # origins whose pages may read it
  #   priceClass: "100"      # edge locations: 100 is North America and Europe; 200; all
  #   cdnLogs: false         # access logs of CloudFront, into a bucket of their own
  #   accessLogs: false      # access logs of S3, likewise
  #   readers:               # who may read s3:// directly, besides everybody through the CDN
  #     principals: [ "222233334444" ]
  #     organisation: o-abcdefghij
  #     vpcEndpoint: vpce-0123456789abcdef0
  #
  # The private mirror. "private: false" leaves it out.
  # private:
  #   accessLogs: false
  #   readers: { principals: [ "222233334444" ] }
  #
  # The API that gives out private releases, as manifests/access.yaml says. "access: false" leaves it out.
  # access:
  #   consumerAccounts: [ "222233334444" ]  # other accounts whose roles may ask
  #   domain: { name: access.example.org, certificate: "arn:aws:acm:eu-central-1:111122223333:certificate/ID" }
  #   cors: [ https://example.org ]         # origins whose pages may ask; without it none
  #   throttle: { rate: 50, burst: 100 }    # requests a second, and at once, of all callers together
  #   deniedAlarm: 50                       # refusals in five minutes
  #   memory: 1024                          # MiB of its function
  #
  # By keys of S3 (managed), by one KMS key for everything in AWS (create), or by the KMS key of an ARN.
  # encryptionKey: managed
  #
  # retention:
  #   noncurrentDays: 90        # days that replaced and deleted versions of objects are kept
  #   unfinishedUploadDays: 14  # then an unfinished upload is ended; longer than any run is resumed
  #   stateDays: 60             # submissions, checkpoints, reports, inbox
  #   logDays: 90
  #
  # pipeline:
  #   memory: 3008         # MiB of the functions that move bytes
  #   timeoutSeconds: 900  # of one pass; then the next one continues
  #   concurrency: 8       # artifacts or batches at the same time, per run
  #   perUpstream: 4       # passes that read from one host at the same time, over all runs
  #
  # A mirror in Google Cloud Storage. docs/gcp.md of Weighbridge says how the trust is set up, once.
  # gcs:
  #   project: acme-models
  #   location: US
  #   public: { name: acme-models-mirror }     # existing: true, where it is there already
  #   private: { name: acme-models-private }
  #   workloadIdentity:
  #     provider: //iam.googleapis.com/projects/1234567890/locations/global/workloadIdentityPools/weights/providers/aws
  #   publicRead: false        # may anybody read the public bucket?
  #   softDeleteDays: 7
  #   deleteBuckets: false     # when the stack is destroyed, if they are empty
  #   storageClass: STANDARD
  #
  # observability:
  #   dashboard: true          # 3 USD a month beyond the first three of an account
  #   alarms: true             # 0.10 USD a month each
  #   metrics: true            # 0.30 USD a month each
  #   statusPage: true         # _weighbridge/status.json in the public mirror, without private names
  #   notify: [ operators@example.org ]
  #
  # Identity providers of CI systems: one of a kind exists per account, so create only the first.
  # oidc: { github: existing, gitlab: existing }
  #
  # What a company asks of everything in its accounts.
  # tags: { team: research }
  # permissionsBoundary: developers   # name or ARN of a policy
  # rolePath: /weights/
  # rolePrefix: acme-
  # bootstrapQualifier: acme          # of "cdk bootstrap --qualifier"

# Who may submit what, by name. Their CI takes a role by its own identity; there are no keys.
# publishers:
#   models:
#     github: { owner: acme, repository: models, ownerId: "1", repositoryId: "2", branch: main }
#     # or gitlab: { project: acme/models, branch: main }
#     # or principals: [ arn:aws:iam::111122223333:role/people ]
#     collections: [ "*" ]          # or names, or beginnings of names: falcon-*
#     access: [ public, private ]
#     policy: true                  # may it submit manifests/access.yaml, and with it grant access? default false

# What the pipeline may read. Nothing is allowed that is not named here.
# sources:
#   huggingFace: [ acme ]           # owners of repositories; "*" is all
#   github: [ acme ]
#   hosts: [ models.example.org, "*.example.net" ]
#   buckets:
#     - { bucket: s3://acme-training, keys: [ "exports/*" ], for: any }
#   tokens:                         # each a secret in Secrets Manager that holds the token alone
#     huggingFace: { secret: weights/hugging-face, for: any }
#     github: { secret: weights/github }
#     origins:
#       - { origin: https://models.example.org, secret: weights/models, scheme: Bearer }

${runSectionsYaml}
# Deployments that differ from the sections above: npx cdk deploy --all -c env=prod
# environments:
#   dev: { cloud: { name: ${name.slice(0, 16)}-dev, gcs: null }, replicas: [] }
#   prod: { cloud: { account: "444455556666", retention: { logDays: 365 } } }
`;
