/** The resources of a state machine, for a template; Lambda functions are named by `${Name}` of the same template. */
export function stateMachine(
  name: string,
  definition: object,
  functions: readonly string[] = [],
): Readonly<Record<string, unknown>> {
  const trust = { Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' };
  return {
    [`${name}Role`]: {
      Type: 'AWS::IAM::Role',
      Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] } },
    },
    [name]: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        StateMachineName: name,
        RoleArn: { 'Fn::GetAtt': [`${name}Role`, 'Arn'] },
        DefinitionString: JSON.stringify(definition),
        DefinitionSubstitutions: Object.fromEntries(functions.map((each) => [each, { 'Fn::GetAtt': [each, 'Arn'] }])),
      },
    },
  };
}
