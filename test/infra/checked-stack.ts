import { App, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';

export interface CheckedStack {
  readonly stack: Stack;
  /** @throws Error when a rule of CloudFormation or of cdk-nag is broken and nobody explained why. */
  template(): Template;
}

/** A stack of an app in which findings are errors. */
export function checkedStack(props: { readonly account?: string; readonly region?: string } = {}): CheckedStack {
  const app = new App({
    analyticsReporting: false,
    context: { '@aws-cdk/core:validateAgainstDefaultRules': true },
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const { account, region } = props;
  const env = account === undefined || region === undefined ? {} : { env: { account, region } };
  const stack = new Stack(app, 'Stack', env);
  return { stack, template: () => Template.fromStack(stack) };
}
