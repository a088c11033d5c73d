package socketeer

import io.kotest.assertions.withClue
import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import java.io.File
import java.lang.module.ModuleDescriptor

/**
 * The rooms of the library are its packages, and between them arrows point one way: everything may lean on the flat
 * public package, nothing there leans on a room, except that `Dsl.kt` names the loop as its default network.
 */
class RoomsTest : StringSpec({
    val arrows = mapOf(
        "" to setOf(""),
        "loop" to setOf("", "loop"),
        "tls" to setOf("", "tls"),
        "sim" to setOf("", "sim"),
        "testing" to setOf("", "testing"),
        "script" to setOf("", "script"),
        "watch" to setOf("", "watch"),
        "java" to setOf("", "java", "loop", "watch"),
        "java/testing" to setOf("", "java", "java/testing", "testing"),
    )
    val exceptions = setOf("Dsl.kt" to "loop")

    "every import of src/main follows the arrows between the rooms" {
        val against = sources().flatMap { file ->
            val allowed = arrows[file.room] ?: error("${file.path} is in no known room")
            file.roomsNamed().filter {
                it !in allowed && (file.name to it) !in exceptions
            }.map { "${file.path} -> $it" }
        }
        withClue("against the arrows:") { against.shouldBeEmpty() }
    }

    "a room is named by an import, never by a qualified name in the code" {
        val qualified = sources().flatMap { file ->
            file.readLines()
                .filterNot { it.startsWith("import ") || it.startsWith("package ") || it.isComment() }
                .filter { line -> arrows.keys.any { it.isNotEmpty() && "socketeer.${it.replace('/', '.')}." in line } }
                // Java can't import a type under another name, so one of the same name is written out.
                .filterNot { file.extension == "java" && ".${file.nameWithoutExtension}" in it }
                .map { "${file.path}: ${it.trim()}" }
        }
        qualified.shouldBeEmpty()
    }

    "the module exports every room but the scripts' host, which lives on the class path" {
        val classes = File(Network::class.java.protectionDomain.codeSource.location.toURI())
        val packages = classes.walk().filter { it.extension == "class" && it.parentFile != classes }
            .map { it.relativeTo(classes).parent.replace('/', '.') }.toSet()
        val module = classes.resolve("module-info.class").inputStream().use(ModuleDescriptor::read)
        module.exports().map { it.source() }.toSet() shouldBe packages - "socketeer.script"
    }
})

private val roots = listOf(File("src/main/kotlin/socketeer"), File("src/main/java/socketeer"))

private fun sources() = roots.flatMap { root -> root.walk().filter { it.extension in setOf("kt", "java") } }.sorted()

private val File.room get() = relativeTo(roots.first { startsWith(it) }).parent.orEmpty()

private fun File.roomsNamed() = readLines().filter {
    it.startsWith("import socketeer.")
}.map { it.removePrefix("import socketeer.").removeSuffix(";").roomOf() }.toSet()

/** Packages are lower case and types upper case: `loop.SelectLoop` is in the room loop, `Address` in none. */
private fun String.roomOf() = substringBefore(" as ").run {
    split('.').takeWhile { it.first().isLowerCase() && it != substringAfterLast('.') }.joinToString("/")
}

private fun String.isComment() = trimStart().let { it.startsWith("*") || it.startsWith("/") }
