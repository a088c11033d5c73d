package socketeer.testing

import kotlinx.coroutines.withTimeoutOrNull
import kotlin.concurrent.thread
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/**
 * What every connection, listener and network must do: the contract of [socketeer.Network] as cases with names, for
 * whoever writes an implementation. One line makes tests of them:
 *
 * ```
 * class MemoryTest : FunSpec({                                             // Kotest
 *     networkLaws(networks("memory", DESCRIPTORS) { MemoryNetwork() })
 *         .forEach { law -> test(law.name).config(enabled = law.missing.isEmpty()) { law.check() } }
 * })
 *
 * @TestFactory fun laws() = networkLaws(pairs("mine") { myPair() })        // JUnit
 *     .map { dynamicTest(it.name) { assumeTrue(it.missing.isEmpty()); it.check() } }
 * ```
 *
 * Cases wait for events, not for time; a case that hangs fails after [limit].
 */
public fun networkLaws(maker: Maker, limit: Duration = 30.seconds): List<Law> =
    (
        byteLaws + endLaws + closingLaws + timeLaws + cancellationLaws + pressureLaws + concurrencyLaws +
            listeningLaws + quietLaws
        ).map { Law(maker, it, limit) }

/** One law, tried on one kind of connection. */
public class Law internal constructor(private val maker: Maker, private val rule: Rule, private val limit: Duration) {
    /** Theme and sentence, without the maker's name. */
    public val name: String get() = "${rule.theme}: ${rule.name}"

    /** What a connection must be able to do for the law to apply to it. */
    public val needs: Set<Ability> get() = rule.needs

    /** What this kind of connection lacks for the law; not empty: the law isn't applicable. */
    public val missing: Set<Ability> get() = needs intersect maker.lacks

    /**
     * Tries it, on a thread of its own so that not even a blocked loop hangs the caller.
     *
     * @throws AssertionError saying what was expected and what came.
     */
    public fun check() {
        check(missing.isEmpty()) { "\"$name\" isn't applicable to $maker, which lacks $missing" }
        if (Ability.DESCRIPTORS in maker.lacks) return play()
        maker.warm
        val before = socketsOfThisProcess()
        play()
        val after = socketsOfThisProcess()
        if (after > before) throw AssertionError("$maker, $name: $before sockets before, $after after")
    }

    private fun play() {
        var outcome: Result<Unit>? = null
        val runner = thread(isDaemon = true, name = "law: ${rule.name}") { outcome = runCatching { tryOut() } }
        runner.join((limit + GRACE).inWholeMilliseconds)
        val result = outcome ?: throw stuck(runner)
        result.exceptionOrNull()?.let { throw AssertionError("$maker, $name: ${it.message ?: it}", it) }
    }

    private fun tryOut() =
        maker.run {
            withTimeoutOrNull(limit) { tried(maker, rule.body) }
                ?: throw AssertionError("still not done after $limit")
        }

    private fun stuck(runner: Thread): AssertionError {
        val failure = AssertionError("$maker, $name: blocks its thread (the stack is the thread's)")
        failure.stackTrace = runner.stackTrace
        runner.interrupt()
        return failure
    }

    override fun toString(): String = "$maker, $name"
}

/** A law before it is tried on anything. */
internal class Rule(val theme: String, val name: String, val needs: Set<Ability>, val body: suspend Trial.() -> Unit)

internal class Theme(private val name: String) {
    val rules = ArrayList<Rule>()

    fun law(name: String, vararg needs: Ability, body: suspend Trial.() -> Unit) {
        rules += Rule(this.name, name, needs.toSet(), body)
    }
}

internal fun theme(name: String, build: Theme.() -> Unit): List<Rule> = Theme(name).apply(build).rules

/** How long a case may take to give up once it is told to. */
private val GRACE = 5.seconds
