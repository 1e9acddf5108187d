const uploads = 's3:AbortMultipartUpload s3:GetObject s3:GetObjectVersion s3:ListMultipartUploadParts s3:PutObject';
const releases = (mirror: string) => `<${mirror}>/*/*/*`;
const registry = (mirror: string) => `<${mirror}>/registry.json`;
const ofBoth = (...keys: readonly ((mirror: string) => string)[]) =>
  ['PrivateMirror', 'PublicMirror'].flatMap((mirror) => keys.map((key) => key(mirror))).join(' ');
const objects = (mirror: string) => `<${mirror}>/*/*/objects.json`;
const record = (file: string) => (mirror: string) => `<${mirror}>/*/*/${file}`;

/** Of each role of the example: what its widest statement is, and why it is as wide. Checked against the template. */
export const widestReasons: Readonly<Record<string, readonly [statement: string, why: string]>> = {
  Plan: [
    `s3:PutObject: ${ofBoth(objects, registry)}`,
    'It claims an empty mirror by its first registry, and takes lost objects out of `objects.json`. Which releases come is not known when the role is made.',
  ],
  Transfer: [
    `${uploads}: ${ofBoth(releases)}`,
    'It writes artifacts of releases that nobody knows yet. The registry, which makes a release visible, is not among them; every write is put-if-absent, and nothing can be deleted.',
  ],
  Publish: [
    `${uploads}: ${ofBoth(releases, registry)}`,
    'It writes the records and swaps the registry. It reads no upstream, no inbox and no token.',
  ],
  Replicate: [
    `s3:GetObject s3:GetObjectVersion: ${ofBoth(releases, registry)}`,
    'It copies whole releases to Google Cloud, and in AWS it writes none.',
  ],
  PublishReplicas: [
    `s3:GetObject s3:GetObjectVersion: ${ofBoth(releases, registry)}`,
    'It copies the records, and compares with what the primary has.',
  ],
  Report: [
    's3:GetObject s3:PutObject: <PublicMirror>/_weighbridge/status.json <State>/reports/* <State>/working/*',
    'Reports and working documents are named after runs. In a mirror it writes one key.',
  ],
  StateMachine: [
    'logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeLogGroups logs:DescribeResourcePolicies logs:GetLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:UpdateLogDelivery: *',
    'Step Functions sets its own logging up with these, and IAM knows no resource for them. They concern log delivery alone.',
  ],
  'StateMachine/EventsRole': [
    'states:StartExecution: <Pipeline/StateMachine>',
    'One action on one machine, which is all that the rule does.',
  ],
  'models/Submit': [
    's3:AbortMultipartUpload s3:ListMultipartUploadParts s3:PutObject: <State>/inbox/models/*',
    'Names in the inbox are digests. The prefix is that of one publisher, and nothing there can be read back or deleted.',
  ],
  'models/Plan': [
    `s3:GetObject: ${ofBoth(record('SHA256SUMS'), record('objects.json'), record('release.json'), registry)}`,
    'Records of releases by their exact names; a refusal beside it keeps artifacts of the same name in folders out.',
  ],
  'Access/Function': [
    `s3:GetObject: ${[record('RELEASE.md'), objects, record('release.json'), registry].map((key) => key('PrivateMirror')).join(' ')} <State>/policy/current.json`,
    'What releases are, and who may read them. Of artifacts it reads nothing, not even those that are called like a record.',
  ],
  'Access/Signer': [
    `s3:GetObjectVersion: ${releases('PrivateMirror')}`,
    'A URL can do what its signer may: read one version of one object. Records beside the artifacts have no pattern of their own, so the API keeps from signing them.',
  ],
};
