const account = '111122223333';
const key = '1234abcd-12ab-34cd-56ef-1234567890ab';
const provider =
  '//iam.googleapis.com/projects/1234567890/locations/global/workloadIdentityPools/weights/providers/aws';

/** Everything that can be switched on, under every rule that a company may have. */
export const everything = `
cloud:
  name: weights
  account: "${account}"
  region: eu-central-1
  public:
    accessLogs: true
    cdnLogs: true
    priceClass: all
    cors: [ https://example.org ]
    domain: { name: weights.example.org, certificate: "arn:aws:acm:us-east-1:${account}:certificate/${key}" }
    webAcl: arn:aws:wafv2:us-east-1:${account}:global/webacl/weights/${key}
    readers: { principals: [ "222233334444" ], organisation: o-abcdefghij, vpcEndpoint: vpce-0123456789abcdef0 }
  private: { accessLogs: true, readers: { principals: [ "222233334444" ] } }
  access:
    consumerAccounts: [ "222233334444" ]
    cors: [ https://example.org ]
    domain: { name: access.example.org, certificate: "arn:aws:acm:eu-central-1:${account}:certificate/${key}" }
  encryptionKey: create
  retention: { noncurrentDays: 30, unfinishedUploadDays: 21, stateDays: 100, logDays: 365 }
  gcs:
    project: acme-models
    public: { name: acme-models-mirror }
    private: { name: acme-models-private }
    workloadIdentity: { provider: "${provider}" }
    publicRead: true
  observability: { notify: [ operators@example.org ] }
  oidc: { github: create, gitlab: create }
  tags: { team: research, cost-centre: "4711" }
  permissionsBoundary: developers
  rolePath: /weights/
  rolePrefix: acme-
  bootstrapQualifier: acme
publishers:
  models:
    github: { owner: acme, repository: models, ownerId: "1", repositoryId: "2" }
    collections: [ "*" ]
    policy: true
  lab: { gitlab: { project: acme/lab }, collections: [ "lab-*" ], access: [ private ] }
  people: { principals: [ "arn:aws:iam::${account}:role/people" ], collections: [ "trial-*" ] }
replicas: [ { collections: [ "*" ], to: [ gcs ] } ]
sources:
  huggingFace: [ acme ]
  hosts: [ models.example.org ]
  buckets:
    - bucket: s3://acme-training
      keys: [ "exports/*" ]
      account: "222233334444"
      kmsKey: arn:aws:kms:eu-central-1:222233334444:key/${key}
  tokens: { huggingFace: { secret: weights/hugging-face } }
trustedOrigins: [ http://127.0.0.1:8081 ]
environments:
  abroad:
    cloud: { region: us-east-1, oidc: null, access: { domain: null } }
  beside:
    cloud:
      name: trials
      oidc: null
      gcs: { public: { name: acme-trials-mirror }, private: { name: acme-trials-private } }
  same: {}
`;

/** What the file above says in ARNs of its own. */
export const writtenArns: readonly string[] = everything.match(/arn:aws:[^\s"]+/g) ?? [];
