import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { given } from './given.ts';

/** A host name of one's own in front of the access API. */
export interface AccessDomain {
  readonly name: string;
  /** Of the region of the stack. */
  readonly certificate: ICertificate;
  /**
   * Answer under the name that AWS gives as well, such as while clients change over.
   * @default false
   */
  readonly defaultEndpoint?: boolean;
}

export interface AccessGatewayProps {
  /** What answers. */
  readonly function: IFunction;
  /** Of the API, for the console and its metrics; it need not be unique. */
  readonly name: string;
  /** In a few words, for the console. */
  readonly description: string;
  /** Origins whose pages may ask. @default - none */
  readonly cors?: readonly string[];
  /** Requests a second, and at once, of all callers together: for each of the two ways in. @default - 50 and 100 */
  readonly throttle?: { readonly rate: number; readonly burst: number };
  /** @default - the name that AWS gives */
  readonly domain?: AccessDomain;
  /** @default logs.RetentionDays.THREE_MONTHS */
  readonly logRetention?: logs.RetentionDays;
  /** Encrypts the log of requests; it must let CloudWatch Logs use it. @default - a key of CloudWatch */
  readonly encryptionKey?: kms.IKey;
}

/**
 * What a line of the log says of a request: neither path nor query nor any header, since they name releases and may hold
 * what a caller put there by mistake. Which release it was, the decisions that the function logs say, by the same id.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 */
const logLine = {
  time: '$context.requestTime',
  request: '$context.requestId',
  route: '$context.routeKey',
  protocol: '$context.protocol',
  status: '$context.status',
  milliseconds: '$context.responseLatency',
  bytes: '$context.responseLength',
  ip: '$context.identity.sourceIp',
  caller: '$context.identity.userArn',
  refused: '$context.error.message',
  functionStatus: '$context.integration.status',
};

/** The HTTP API: under `/v1` whoever comes, under `/iam/v1` those whose signature AWS has checked. */
export class AccessGateway extends Construct {
  readonly api: apigateway.HttpApi;
  readonly logGroup: logs.LogGroup;
  /** Without a slash at the end; `/v1` and `/iam/v1` are below it. */
  readonly url: string;
  /** For the DNS record of the own host name; undefined without one. */
  readonly domainTarget: string | undefined;

  constructor(scope: Construct, id: string, props: AccessGatewayProps) {
    super(scope, id);
    const { description, domain, encryptionKey, throttle = { rate: 50, burst: 100 } } = props;
    this.api = new apigateway.HttpApi(this, 'Api', {
      apiName: props.name,
      description,
      createDefaultStage: false,
      disableExecuteApiEndpoint: domain !== undefined && domain.defaultEndpoint !== true,
      ...given({ corsPreflight: corsOf(props.cors ?? []) }),
    });
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logRetention ?? logs.RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
      ...given({ encryptionKey }),
    });
    const stage = new apigateway.HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: throttle.rate, burstLimit: throttle.burst },
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(this.logGroup),
        format: AccessLogFormat.custom(JSON.stringify(logLine)),
      },
    });
    const ownName = domain && this.#domainName(domain, stage);
    this.url = domain === undefined ? this.api.apiEndpoint : `https://${domain.name}`;
    this.domainTarget = ownName?.regionalDomainName;
    this.#throttleEach(stage, this.#routes(props.function), throttle);
  }

  #routes(answering: IFunction): readonly apigateway.HttpRoute[] {
    const integration = new HttpLambdaIntegration('Function', answering);
    const methods = [apigateway.HttpMethod.ANY];
    const [open] = this.api.addRoutes({ path: '/v1/{proxy+}', methods, integration });
    const signed = this.api.addRoutes({
      path: '/iam/v1/{proxy+}',
      methods,
      integration,
      authorizer: new HttpIamAuthorizer(),
    });
    if (open !== undefined) {
      acknowledge(
        open,
        'AwsSolutions-APIG4',
        'The application checks the tokens of any identity provider and its own, against the policy.',
      );
    }
    return [...(open === undefined ? [] : [open]), ...signed];
  }

  /** A limit for each: whoever floods the open way must not lock out those who sign. */
  #throttleEach(
    stage: apigateway.HttpStage,
    routes: readonly apigateway.HttpRoute[],
    { rate, burst }: { readonly rate: number; readonly burst: number },
  ): void {
    const limits = { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst };
    const settings: Record<string, typeof limits> = {};
    for (const route of routes) {
      settings[(route.node.defaultChild as apigateway.CfnRoute).routeKey] = limits;
      // Settings of a route that is not there yet are refused.
      stage.node.addDependency(route);
    }
    (stage.node.defaultChild as apigateway.CfnStage).routeSettings = settings;
  }

  #domainName({ name, certificate }: AccessDomain, stage: apigateway.HttpStage): apigateway.DomainName {
    const domainName = new apigateway.DomainName(this, 'Domain', {
      domainName: name,
      certificate,
      endpointType: apigateway.EndpointType.REGIONAL,
      securityPolicy: apigateway.SecurityPolicy.TLS_1_2,
    });
    new apigateway.ApiMapping(this, 'DomainMapping', { api: this.api, domainName, stage });
    return domainName;
  }
}

function corsOf(origins: readonly string[]): apigateway.CorsPreflightOptions | undefined {
  if (origins.length === 0) return undefined;
  const { GET, HEAD, POST } = apigateway.CorsHttpMethod;
  return {
    allowOrigins: [...origins],
    allowMethods: [GET, HEAD, POST],
    allowHeaders: ['authorization', 'content-type'],
  };
}
