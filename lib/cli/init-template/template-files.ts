import { configurationYaml } from './configuration-yaml.ts';
import { exampleFile, exampleManifest, exampleWeights } from './example-manifest.ts';
import { type PackageVersions, packageJson } from './package-json.ts';
import { readmeMd } from './readme-md.ts';
import { workflowYaml } from './workflow-yaml.ts';

export interface TemplateFile {
  /** Relative to the repository, `/`-separated. */
  readonly path: string;
  readonly content: string | Uint8Array;
}

const gitignore = 'node_modules/\n/mirror/\n/mirror-private/\n.weighbridge/\n*.log\n';

/** Every file of a user's own repository. */
export function templateFiles(folder: string, versions: PackageVersions): TemplateFile[] {
  return [
    { path: 'package.json', content: packageJson(folder, versions) },
    { path: 'weighbridge.yaml', content: configurationYaml },
    { path: 'manifests/example/0.1.0.yaml', content: exampleManifest() },
    { path: `manifests/example/${exampleFile}`, content: exampleWeights() },
    { path: '.github/workflows/weighbridge.yml', content: workflowYaml },
    { path: '.gitignore', content: gitignore },
    { path: 'README.md', content: readmeMd(versions.weighbridge) },
  ];
}
