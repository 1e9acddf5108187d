import { everything } from './example-configurations.ts';
import { written } from './policies.ts';
import { allResources, synthesise } from './synthesise.ts';

/**
 * What must survive every upgrade, by type, and the properties of which CloudFormation makes a new resource when they
 * change: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
 * Roles, topics and APIs hold nothing, but others know them: CI systems, Google, those who confirmed an address or ask.
 */
const replacing: Readonly<Record<string, readonly string[]>> = {
  'AWS::S3::Bucket': ['BucketName', 'BucketNamePrefix', 'BucketNamespace', 'ObjectLockEnabled'],
  'AWS::KMS::Key': ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin'],
  'AWS::CloudFront::Distribution': [],
  'AWS::IAM::OIDCProvider': ['Url'],
  'AWS::IAM::Role': ['RoleName', 'Path'],
  'AWS::StepFunctions::StateMachine': ['StateMachineName', 'StateMachineType'],
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
  'AWS::SNS::Topic': ['TopicName', 'FifoTopic'],
  'AWS::ApiGatewayV2::Api': ['ProtocolType'],
  'AWS::ApiGatewayV2::DomainName': ['DomainName'],
  'Custom::WeighbridgeGcsBucket': ['Name', 'Project', 'Location'],
};

/**
 * Logical id, then type, fate and what would replace it. The list that is checked in is made by
 * `node test/infra/stateful-resources.ts > test/infra/stateful-resources.json`.
 */
export function statefulResources(yaml: string): Readonly<Record<string, object>> {
  const found = allResources(synthesise(yaml, { checked: false })).flatMap(
    ({ id, Type, DeletionPolicy, UpdateReplacePolicy, Properties = {} }) => {
      const names = replacing[Type];
      if (names === undefined) return [];
      // A role of which nobody outside knows the name may be made anew.
      if (Type === 'AWS::IAM::Role' && !/-(?:submit|plan|gcs|consumer)-/.test(written(Properties.RoleName))) return [];
      const fixed = names.flatMap((name) => (name in Properties ? [[name, written(Properties[name])]] : []));
      const fate = DeletionPolicy === undefined ? {} : { DeletionPolicy, UpdateReplacePolicy };
      return [[id, { Type, ...fate, ...Object.fromEntries(fixed) }] as const];
    },
  );
  return Object.fromEntries(found.sort(([one], [other]) => (one < other ? -1 : 1)));
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(statefulResources(everything), undefined, 2)}\n`);
