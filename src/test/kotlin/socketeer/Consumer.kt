package socketeer

import java.io.File

/** A JDK that was found. */
class Jdk(private val home: File) {
    val feature: Int =
        home.resolve("release").takeIf { it.isFile }?.readLines().orEmpty()
            .firstNotNullOfOrNull {
                Regex("JAVA_VERSION=\"(\\d+).*").matchEntire(it)
            }?.let { it.groupValues[1].toInt() }
            ?: 0

    fun run(tool: String, vararg args: String): Ended {
        val errors = File.createTempFile(tool, null)
        try {
            val process = ProcessBuilder(listOf("$home/bin/$tool") + args).redirectError(errors).start()
            process.outputStream.close()
            val said = process.inputStream.readAllBytes().decodeToString()
            return Ended(process.waitFor(), said, errors.readText())
        } finally {
            errors.delete()
        }
    }

    companion object {
        /** This one, the one that `JAVA_HOME_25` and so on names, or one that is installed beside this one. */
        fun find(feature: Int): Jdk? {
            val here = File(System.getProperty("java.home")).canonicalFile
            val named = System.getenv("JAVA_HOME_$feature")?.let(::File)
            val all = listOfNotNull(here, named) + here.parentFile.listFiles().orEmpty().sorted()
            return all.filter { it.resolve("bin/javac").canExecute() }.map(::Jdk).firstOrNull { it.feature == feature }
        }
    }
}

/** What a program said on standard output and on standard error, and its exit code. */
data class Ended(val code: Int, val said: String, val errors: String)

/** What Maven says that a user of the library gets, a line a dependency, as a tree; without the optional ones. */
fun runtimeTree(): List<String> = File("target/tree").readLines().filterNot { it.endsWith("(optional)") }

/** The jars of [runtimeTree], as they are on this class path, but for the library's own. */
fun runtimeJars(): List<String> {
    val all = (System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")).split(':')
    return runtimeTree().drop(1).map { line ->
        val (artifact, version) = Regex(".*:(.+):jar:(.+):\\w+").matchEntire(line)!!.destructured
        all.first { it.endsWith("/$artifact-$version.jar") }
    }
}
