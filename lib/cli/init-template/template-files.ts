import { accessFile, accessYaml, codeowners, otherOwnersFiles, ownersFile, ownersLine } from './access-yaml.ts';
import { appJs, cdkJson, deploymentNameOf } from './cdk-app.ts';
import { cloudWorkflowYaml } from './cloud-workflow-yaml.ts';
import { cloudConfigurationYaml, configurationYaml } from './configuration-yaml.ts';
import { exampleFile, exampleManifest, exampleWeights } from './example-manifest.ts';
import { gitlabCiYaml } from './gitlab-ci-yaml.ts';
import { type PackageVersions, packageJson } from './package-json.ts';
import { readmeMd } from './readme-md.ts';
import { workflowYaml } from './workflow-yaml.ts';

export interface TemplateFile {
  /** Relative to the repository, `/`-separated. */
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Files that take its place where they are there already. */
  readonly unless?: readonly string[];
  /** What to add to one that is there already. */
  readonly otherwise?: string;
}

const gitignore = 'node_modules/\n/mirror/\n/mirror-private/\n.weighbridge/\n*.log\n';

/**
 * Every file of a user's own repository.
 * @param cloud with an app of the CDK
 */
export function templateFiles(folder: string, versions: PackageVersions, cloud: boolean): TemplateFile[] {
  return [
    { path: 'package.json', content: packageJson(folder, versions, cloud) },
    { path: 'weighbridge.yaml', content: cloud ? cloudConfigurationYaml(deploymentNameOf(folder)) : configurationYaml },
    ...(cloud
      ? [
          { path: 'app.js', content: appJs },
          { path: 'cdk.json', content: cdkJson(versions.cdk.flags) },
        ]
      : []),
    { path: 'manifests/example/0.1.0.yaml', content: exampleManifest() },
    { path: `manifests/example/${exampleFile}`, content: exampleWeights() },
    { path: '.github/workflows/weighbridge.yml', content: cloud ? cloudWorkflowYaml : workflowYaml },
    ...(cloud ? [{ path: '.gitlab-ci.yml', content: gitlabCiYaml }] : []),
    ...(cloud
      ? [
          { path: accessFile, content: accessYaml },
          { path: ownersFile, content: codeowners, unless: otherOwnersFiles, otherwise: ownersLine },
        ]
      : []),
    { path: '.gitignore', content: cloud ? `${gitignore}cdk.out/\n` : gitignore },
    { path: 'README.md', content: readmeMd(versions.weighbridge, cloud) },
  ];
}
