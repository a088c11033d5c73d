package socketeer.script

import socketeer.SocketeerException
import java.lang.reflect.InvocationTargetException
import java.lang.reflect.Method
import java.util.jar.JarFile
import kotlin.system.exitProcess

/**
 * Runs a compiled script: its name for messages, its jar (which is on the class path), its arguments.
 *
 * What went wrong on the network, and an argument that was refused, is one line for the user; anything else is a bug in
 * the script and keeps its stack trace.
 */
internal fun main(args: Array<String>) {
    val (name, jar) = args
    try {
        start(jar, args.copyOfRange(2, args.size))
    } catch (e: InvocationTargetException) {
        val cause = e.targetException
        when (cause) {
            is SocketeerException, is IllegalArgumentException -> System.err.println("$name: ${cause.message ?: cause}")
            else -> cause.printStackTrace()
        }
        exitProcess(1)
    }
}

private fun start(jar: String, args: Array<String>) {
    val types = topLevelTypes(jar).map { Class.forName(it) }
    // A script's lines are its constructor, and the `main` that the compiler adds to it calls a runner that isn't here.
    types.firstOrNull { Script::class.java.isAssignableFrom(it) }?.let {
        it.getConstructor(args.javaClass).newInstance(args)
        return
    }
    val main = types.firstNotNullOfOrNull { it.mainOrNull() } ?: error("nothing to run in $jar")
    main.invoke(null, args)
}

private fun topLevelTypes(jar: String): List<String> = JarFile(jar).use { file ->
    val names = file.entries().asSequence().map { it.name }
    names.filter { it.endsWith(".class") && '$' !in it }.map { it.removeSuffix(".class").replace('/', '.') }.toList()
}

private fun Class<*>.mainOrNull(): Method? = methods.firstOrNull {
    it.name == "main" && it.parameterTypes.contentEquals(arrayOf(Array<String>::class.java))
}?.also { it.isAccessible = true }
