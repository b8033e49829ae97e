/** A program from another ecosystem that tests use: which version, and how its ecosystem installs it into a folder. */
export interface ExternalTool {
  readonly name: string
  readonly version: string
  /** Program of the ecosystem that installs it. */
  readonly needs: string
  /** Path of the program within the tool's folder. */
  readonly program: string
  /** Commands that fill the folder, in order; `cwd` is the clone's root. */
  install(folder: string): readonly Step[]
}

export interface Step {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

function goTool(name: string, version: string, path: string): ExternalTool {
  return {
    name,
    version,
    needs: 'go',
    program: `bin/${name}`,
    install: (folder) => [{ command: 'go', args: ['install', `${path}@${version}`], env: { GOBIN: `${folder}/bin`, GOFLAGS: '-trimpath' } }],
  }
}

function pythonTool(name: string, version: string, requirements: string): ExternalTool {
  return {
    name,
    version,
    needs: 'python3',
    program: `bin/${name}`,
    install: (folder) => [
      { command: 'python3', args: ['-m', 'venv', folder] },
      { command: `${folder}/bin/pip`, args: ['install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', '--requirement', requirements] },
    ],
  }
}

/** Every such tool, at its pinned version. */
export const TOOLS = {
  gitleaks: goTool('gitleaks', 'v8.30.1', 'github.com/zricethezav/gitleaks/v8'),
  semgrep: pythonTool('semgrep', '1.182.0', 'tools/supply/semgrep-requirements.txt'),
} as const satisfies Readonly<Record<string, ExternalTool>>

export type ToolName = keyof typeof TOOLS
