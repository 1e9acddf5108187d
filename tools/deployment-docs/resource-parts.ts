/** Resources that are one thing to whoever operates them. */
export interface ResourcePart {
  readonly name: string;
  /** Paths of its constructs. */
  readonly covers: RegExp;
  readonly purpose: string;
  /** What is paid while nothing happens. @default nothing */
  readonly cost?: 'storage' | 'gcs' | 'alarms' | 'dashboard' | 'key';
  /** What of weighbridge.yaml makes it. @default - it is there without any setting */
  readonly setting?: string;
}

/** Every resource of every deployment belongs to exactly one. */
export const resourceParts: readonly ResourcePart[] = [
  {
    name: 'PublicMirror',
    covers: /^PublicMirror\//,
    purpose: 'public releases and their registry, readable by the CDN alone',
    cost: 'storage',
  },
  { name: 'Cdn', covers: /^Cdn\//, purpose: 'what readers of public releases talk to' },
  {
    name: 'PrivateMirror',
    covers: /^PrivateMirror\//,
    purpose: 'private releases and their registry',
    cost: 'storage',
  },
  {
    name: 'State',
    covers: /^State\//,
    purpose: 'submissions, inbox, checkpoints, reports; all of it expires',
    cost: 'storage',
  },
  {
    name: 'Functions',
    covers: /^Pipeline\/(?:Plan|Transfer|Publish|Replicate|PublishReplicas|Report)\//,
    purpose: 'the passes of a run, each with a role and a log group of its own',
  },
  {
    name: 'StateMachine',
    covers: /^Pipeline\/StateMachine/,
    purpose: 'calls the functions in order, as often as it takes',
  },
  {
    name: 'Rules',
    covers: /^Pipeline\/On(?:Submission|Death)/,
    purpose: 'start a run for each submission; report one that died',
  },
  { name: 'DeadLetters', covers: /^Pipeline\/DeadLetters/, purpose: 'events that could start or report nothing' },
  {
    name: 'Publishers',
    covers: /^Publishers\/[^/]+\/(?:Submit|Plan)/,
    purpose: 'the roles that the CI of a publisher takes; so many for each publisher',
  },
  {
    name: 'Access',
    covers: /^Access\/(?:Function|Signer|Gateway\/(?!Domain)|Denied|PolicyUnreadable)/,
    purpose: 'the API that gives out private releases, the role that signs URLs, and both logs',
  },
  {
    name: 'Access domain',
    covers: /^Access\/Gateway\/Domain/,
    purpose: 'a host name of your own in front of it',
    setting: '`access.domain`',
  },
  {
    name: 'Consumers',
    covers: /^Access\/Consumers\//,
    purpose: 'the roles by which other accounts ask; one for each',
    setting: '`access.consumerAccounts`',
  },
  {
    name: 'Notifications',
    covers: /^Observability\/Not/,
    purpose: 'the topic that alarms and failed runs are told to',
  },
  { name: 'Alarms', covers: /^Observability\/Alarms/, purpose: 'one section of the runbook each', cost: 'alarms' },
  { name: 'Dashboard', covers: /^Observability\/Dashboard/, purpose: 'runs at a glance', cost: 'dashboard' },
  {
    name: 'EncryptionKey',
    covers: /^EncryptionKey/,
    purpose: 'encrypts buckets, logs, notifications and dead letters',
    cost: 'key',
    setting: '`encryptionKey: create`',
  },
  {
    name: 'Logs',
    covers: /^Logs\//,
    purpose: 'access logs',
    cost: 'storage',
    setting: '`accessLogs` or `cdnLogs`',
  },
  {
    name: 'Identity providers',
    covers: /^Publishers\/Git/,
    purpose: 'the account believes the tokens of a CI system',
    setting: '`oidc: create`',
  },
  {
    name: 'GCS function',
    covers: /^Mirror\/Handler\//,
    purpose: 'makes the buckets in Google Cloud; in a stack of its own',
    setting: '`gcs`',
  },
  {
    name: 'GCS buckets',
    covers: /^Mirror\/(?:Public|Private)Bucket/,
    purpose: 'the copies in Google Cloud; `deleteBuckets: true` deletes empty ones',
    cost: 'gcs',
    setting: '`gcs`',
  },
];
