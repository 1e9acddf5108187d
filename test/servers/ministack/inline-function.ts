/** The resources of a Lambda function whose handler is the script; for a template, under the name that it gets. */
export function inlineFunction(name: string, script: string, timeout = 10): Readonly<Record<string, unknown>> {
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  return {
    [`${name}Role`]: {
      Type: 'AWS::IAM::Role',
      Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] } },
    },
    [name]: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        ...{ FunctionName: name, Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: timeout },
        Role: { 'Fn::GetAtt': [`${name}Role`, 'Arn'] },
        Code: { ZipFile: script },
      },
    },
  };
}
