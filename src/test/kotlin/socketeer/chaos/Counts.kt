package socketeer.chaos

import socketeer.ChildJvm

/** Counts by name. The processes of the chaos tell each other a word and its counts a line: `receipt accepted=3 …`. */
typealias Counts = Map<String, Long>

/** In a child: says a word and its counts to the parent. */
fun say(word: String, counts: Counts = emptyMap()): Unit = println("$word ${counts.entries.joinToString(" ")}")

operator fun Counts.plus(other: Counts): Counts = (keys + other.keys).associateWith { this(it) + other(it) }

operator fun Counts.minus(other: Counts): Counts = mapValues { it.value - other(it.key) }

/** The count of [name]; what nobody has counted is none. */
operator fun Counts.invoke(name: String): Long = this[name] ?: 0

/** In the parent: a process that is told words and answers with words; what nobody has asked for is kept as [noise]. */
class Child(private val name: String, private val jvm: ChildJvm) : AutoCloseable by jvm {
    val noise = ArrayList<String>()

    fun tell(line: String): Unit = jvm.tell(line)

    /** Waits until it says [word], or has said it already: the counts that it says of it. */
    fun says(word: String): Counts {
        while (noise.none { it.substringBefore(' ') == word }) {
            noise += jvm.line() ?: error("$name ended, or was ended, before it said $word: $noise")
        }
        return counts(noise.removeAt(noise.indexOfFirst { it.substringBefore(' ') == word }))
    }

    /** Tells it [line] and waits until it says [word]. */
    fun ask(line: String, word: String): Counts {
        tell(line)
        return says(word)
    }

    private fun counts(line: String) =
        line.split(' ').filter { '=' in it }.associate { it.substringBefore('=') to it.substringAfter('=').toLong() }
}
