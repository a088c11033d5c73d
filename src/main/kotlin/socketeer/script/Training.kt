package socketeer.script

/** What the launcher runs once, for the JVM to remember the classes of a server and a client in its archive. */
internal fun main() {
    println(socketeer.Limits::class)
}
