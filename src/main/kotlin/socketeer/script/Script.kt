package socketeer.script

import kotlin.script.experimental.annotations.KotlinScript
import kotlin.script.experimental.api.ScriptCompilationConfiguration
import kotlin.script.experimental.api.defaultImports

/**
 * What a sample script is an instance of: its lines are the constructor's body.
 *
 * The launcher `samples/run` compiles a `*.main.kts` file against this class and the public surface of the library. The
 * file looks like any main-kts script, so that the `kotlin` command and IDEs take it too.
 */
@KotlinScript(fileExtension = "kts", compilationConfiguration = ScriptDefinition::class)
public abstract class Script(
    /** The arguments after the script's name. */
    public val args: Array<String>,
)

/** Names what the `kotlin` command and IDEs fetch before they compile the script; the launcher brings it already. */
@Target(AnnotationTarget.FILE)
@Retention(AnnotationRetention.SOURCE)
@Repeatable
public annotation class DependsOn(vararg val artifacts: String)

internal object ScriptDefinition : ScriptCompilationConfiguration({ defaultImports(DependsOn::class) }) {
    private fun readResolve(): Any = ScriptDefinition
}
