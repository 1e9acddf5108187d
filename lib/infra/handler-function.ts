import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { RuntimeConfiguration } from '../contract/cloud/deployment.ts';
import { type Handler, handlerEntry } from '../contract/cloud/handlers.ts';
import { given } from './given.ts';
import { withHandlerCode } from './handler-bundle.ts';

export interface HandlerFunctionProps {
  /** Which of the project's functions it is. */
  readonly handler: Handler;
  /** What it does, in one line. */
  readonly description: string;
  /** What it reads of weighbridge.yaml: put beside its code. */
  readonly configuration: RuntimeConfiguration;
  /** Names of resources, by the names of `handlerVariables`. @default - none */
  readonly environment?: Readonly<Record<string, string>>;
  /** MiB; CPU comes with it, one core at 1,769. @default 1769 */
  readonly memory?: number;
  /** At most 15 minutes. @default Duration.minutes(15) */
  readonly timeout?: Duration;
  /** @default logs.RetentionDays.THREE_MONTHS */
  readonly logRetention?: logs.RetentionDays;
  /** Encrypts the logs; its policy must let CloudWatch Logs use it. @default - a key of CloudWatch */
  readonly encryptionKey?: kms.IKey;
  /** Only where somebody outside names the role. @default - made up by CloudFormation */
  readonly roleName?: string;
  /** @default lambda.Architecture.ARM_64 */
  readonly architecture?: lambda.Architecture;
  /** Folder of the built bundles, one folder for each. @default - that of this package */
  readonly bundles?: string;
  /** Traces of X-Ray, which are billed. @default lambda.Tracing.DISABLED */
  readonly tracing?: lambda.Tracing;
}

/**
 * A function of this project with a role and a log group of its own. The role may write to that log group; everything
 * else is granted to it statement by statement, and no managed policy is attached.
 *
 * @example
 * const report = new HandlerFunction(this, 'Report', { handler: 'report', description: '…', configuration });
 * state.grantWriteReports(report);
 */
export class HandlerFunction extends Construct implements iam.IGrantable {
  readonly function: lambda.Function;
  readonly role: iam.Role;
  readonly logGroup: logs.LogGroup;

  /** @throws Error when the bundle was not built. */
  constructor(scope: Construct, id: string, props: HandlerFunctionProps) {
    super(scope, id);
    const { description, encryptionKey, roleName } = props;
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logRetention ?? logs.RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
      ...given({ encryptionKey }),
    });
    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      description,
      ...given({ roleName }),
    });
    this.role.addToPolicy(
      new iam.PolicyStatement({
        sid: 'WriteLogs',
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    this.function = withHandlerCode(
      this,
      props,
      (code) =>
        new lambda.Function(this, 'Function', {
          description,
          code,
          handler: handlerEntry,
          runtime: lambda.Runtime.NODEJS_24_X,
          architecture: props.architecture ?? lambda.Architecture.ARM_64,
          memorySize: props.memory ?? 1769,
          timeout: props.timeout ?? Duration.minutes(15),
          environment: { ...props.environment },
          role: this.role,
          logGroup: this.logGroup,
          tracing: props.tracing ?? lambda.Tracing.DISABLED,
        }),
    );
  }

  get grantPrincipal(): iam.IPrincipal {
    return this.role;
  }
}
